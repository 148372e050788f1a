package requests_test

import (
	"bytes"
	"context"
	"runtime"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// looksRandom tells whether the bytes are neither zero nor the same twice: for
// 64 of them or more, chance does not matter.
func looksRandom(t testing.TB, a, b []byte) {
	t.Helper()
	if len(a) != len(b) || bytes.Equal(a, b) || bytes.Equal(a[len(a)-64:], make([]byte, 64)) {
		t.Errorf("%d and %d bytes are not random", len(a), len(b))
	}
}

func TestFillRandom(t *testing.T) {
	a, b := make([]byte, 1000), make([]byte, 1000)
	uvtest.Check(t, requests.FillRandom(a))
	uvtest.Check(t, requests.FillRandom(b))
	looksRandom(t, a, b)
	uvtest.Check(t, requests.FillRandom(nil))
}

// TestRandomFillsLentBuffers: the callback gets the very buffer, filled, while
// the collector runs and nobody else refers to it.
func TestRandomFillsLentBuffers(t *testing.T) {
	l := looptest.New(t)
	const n = 200
	called := uvtest.NewCounter(t, "callback", n)
	var last []byte
	for i := range n {
		p := make([]byte, 64+i)
		first := &p[0]
		_, err := requests.StartRandom(l, p, func(got []byte, err error) {
			called.Inc()
			uvtest.Check(t, err)
			if &got[0] != first || len(got) != 64+i {
				t.Errorf("request %d: another buffer came back", i)
			}
			if last != nil {
				looksRandom(t, last[:64], got[:64])
			}
			last = got
		})
		uvtest.Check(t, err)
	}
	runtime.GC()
	uvtest.IsErr(t, "close", l.Close(), uv.EBUSY)
	looptest.Run(t, l)
}

func TestRandomOfNoBytes(t *testing.T) {
	l := looptest.New(t)
	called := uvtest.NewCounter(t, "callback", 2)
	for _, p := range [][]byte{nil, {}} {
		_, err := requests.StartRandom(l, p, func(p []byte, err error) {
			called.Inc()
			if len(p) != 0 || err != nil {
				t.Errorf("%v, %v", p, err)
			}
		})
		uvtest.Check(t, err)
	}
	looptest.Run(t, l)
}

func TestRandomMisuse(t *testing.T) {
	l := looptest.New(t)
	never := func([]byte, error) { t.Error("called") }
	_, err := requests.StartRandom(l, make([]byte, 1), nil)
	uvtest.IsErr(t, "no function", err, uv.EINVAL)
	_, err = requests.StartRandom(nil, make([]byte, 1), never)
	uvtest.IsErr(t, "no loop", err, uv.EINVAL)
	_, err = requests.StartRandomBytes(l, -1, never)
	uvtest.IsErr(t, "negative size", err, uv.EINVAL)
	_, err = requests.StartRandomBytes(l, 1<<40, never)
	uvtest.IsErr(t, "too many", err, uv.E2BIG)
	if l.Alive() {
		t.Error("a refused request keeps the loop alive")
	}
	uvtest.Check(t, l.Close())
	_, err = requests.StartRandom(l, make([]byte, 1), never)
	uvtest.IsErr(t, "closed loop", err, uv.ErrClosed)
}

// TestRandomCancel: behind long requests, too, each outcome agrees with what
// Cancel said.
func TestRandomCancel(t *testing.T) {
	l := looptest.New(t)
	const n = 100
	called := uvtest.NewCounter(t, "callback", n)
	for i := range n {
		cancelled := false
		size := 64
		if i < 8 {
			size = 4 << 20
		}
		r, err := requests.StartRandomBytes(l, size, func(p []byte, err error) {
			called.Inc()
			if cancelled {
				uvtest.IsErr(t, "cancelled", err, uv.ECANCELED)
				uvtest.IsErr(t, "cancelled", err, context.Canceled)
			} else if err != nil || len(p) != size {
				t.Errorf("not cancelled: %d bytes, %v", len(p), err)
			}
		})
		uvtest.Check(t, err)
		if i < 8 {
			continue
		}
		if err := r.Cancel(); err != nil {
			uvtest.IsErr(t, "cancel", err, uv.EBUSY)
			continue
		}
		cancelled = true
		uvtest.IsErr(t, "second cancel", r.Cancel(), uv.EBUSY)
	}
	looptest.Run(t, l)
}

func TestRandomBytesContext(t *testing.T) {
	for _, park := range []uvgo.Parking{uvgo.ParkThread, uvgo.ParkGoroutine} {
		l := looptest.New(t, uvgo.WithParking(park))
		running(t, l)
		a, err := requests.RandomBytesContext(t.Context(), l, 100)
		uvtest.Check(t, err)
		b, err := requests.RandomBytesContext(t.Context(), l, 100)
		uvtest.Check(t, err)
		looksRandom(t, a, b)
		_, err = requests.RandomBytesContext(t.Context(), l, -1)
		uvtest.IsErr(t, "negative size", err, uv.EINVAL)
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		if _, err = requests.RandomBytesContext(ctx, l, 16<<20); err != nil {
			uvtest.IsErr(t, "ended context", err, context.Canceled)
		}
	}
}

// TestRequestsThatEndInCloseAreDelivered: Close looks at libuv, and a request
// that it finds ended there still runs its callback.
func TestRequestsThatEndInCloseAreDelivered(t *testing.T) {
	for range 200 {
		l := looptest.New(t)
		called := uvtest.NewCounter(t, "callback", 1)
		_, err := requests.StartRandomBytes(l, 1, func(_ []byte, err error) {
			called.Inc()
			uvtest.Check(t, err)
		})
		uvtest.Check(t, err)
		for range 50 { // the thread ends it in one of these rounds
			uvtest.IsErr(t, "close", l.Close(), uv.EBUSY)
			runtime.Gosched()
		}
		looptest.Run(t, l)
	}
}
