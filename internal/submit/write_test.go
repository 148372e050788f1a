package submit_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// TestWriteInItsOwnCallback: a request is reused as soon as it has completed,
// also by the write that its callback makes.
func TestWriteInItsOwnCallback(t *testing.T) {
	l := looptest.New(t)
	a, b := looptest.Pair(t, l)
	const writes = 1000
	var want, got []byte
	n := 0
	var next func(err error)
	next = func(err error) {
		uvtest.Check(t, err)
		if n == writes {
			uvtest.Check(t, a.Shutdown(func(error) { a.Close() }))
			return
		}
		p := bytes.Repeat([]byte{byte(n)}, 1+n%5000) // copied, or lent
		want = append(want, p...)
		n++
		uvtest.Check(t, a.WriteFunc(next, p))
	}
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
		if got = append(got, p...); err != nil {
			uvtest.IsErr(t, "read", err, io.EOF)
			b.Close()
		}
	}))
	next(nil)
	looptest.Run(t, l)
	if n != writes || !bytes.Equal(got, want) {
		t.Errorf("%d writes, %d of %d bytes arrived", n, len(got), len(want))
	}
}

// TestWritesKeepTheirCallbacks: many requests are under way on two streams and
// end differently; each reports its own outcome, once.
func TestWritesKeepTheirCallbacks(t *testing.T) {
	l := looptest.New(t)
	a, b := looptest.Pair(t, l)
	c, d := looptest.Pair(t, l)
	const writes = 200
	var outcomes [2][writes]int
	for i := range writes {
		for j, s := range []interface {
			WriteFunc(func(error), ...[]byte) error
		}{a, c} {
			uvtest.Check(t, s.WriteFunc(func(err error) {
				outcomes[j][i]++
				if j == 1 {
					uvtest.IsErr(t, "write to a reader", err, nil)
				} else if err != nil {
					uvtest.IsErr(t, "write to a closed stream", err, uv.ECANCELED)
				}
			}, make([]byte, 100_000)))
		}
	}
	got := 0
	uvtest.Check(t, d.ReadStart(func(p []byte, err error) {
		if got += len(p); got == writes*100_000 {
			c.Close()
			d.Close()
		}
	}))
	uvtest.Must(l.RunOnce())
	a.Close()
	b.Close()
	looptest.Run(t, l)
	for j := range outcomes {
		for i, n := range outcomes[j] {
			if n != 1 {
				t.Errorf("write %d of stream %d completes %d times", i, j, n)
			}
		}
	}
}

// TestWriteErrorNamesTheOperation checks what a failed request says.
func TestWriteErrorNamesTheOperation(t *testing.T) {
	l := looptest.New(t)
	a, b := looptest.Pair(t, l)
	failed := uvtest.NewCounter(t, "write callback", 1)
	uvtest.Check(t, a.WriteFunc(nil, make([]byte, 16<<20)))
	uvtest.Check(t, a.WriteFunc(func(err error) {
		failed.Inc()
		var e *uv.Error
		if !asError(err, &e) || e.Op != "write" || e.Errno != uv.ECANCELED {
			t.Errorf("error %#v", err)
		}
	}, []byte("x")))
	a.Close()
	b.Close()
	looptest.Run(t, l)
}
