package requests_test

import (
	"context"
	"net/netip"
	"sync"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// running runs the loop in a goroutine of its own for the test's duration.
func running(t testing.TB, l *uvgo.Loop) {
	t.Helper()
	ended := make(chan error, 1)
	l.Hold()
	go func() { ended <- l.Run(context.Background()) }()
	t.Cleanup(func() {
		uvtest.Check(t, l.Post(l.Drop))
		uvtest.Check(t, <-ended)
	})
}

// TestGetAddrInfoContextFromManyGoroutines asks 1,000 questions at once.
func TestGetAddrInfoContextFromManyGoroutines(t *testing.T) {
	for _, park := range []uvgo.Parking{uvgo.ParkThread, uvgo.ParkGoroutine} {
		l := looptest.New(t, uvgo.WithParking(park))
		running(t, l)
		var wg sync.WaitGroup
		for i := range 1000 {
			wg.Go(func() {
				host := [...]string{"localhost", "127.0.0.1", "::1"}[i%3]
				list, err := requests.GetAddrInfoContext(t.Context(), l, host, "80", stream)
				if err != nil || len(list) == 0 || !list[0].Addr.Addr().IsLoopback() {
					t.Errorf("%s: %v, %v", host, list, err)
				}
			})
		}
		wg.Wait()
	}
}

// TestGetAddrInfoContextEnds: the caller goes on when its context ends, be the
// loop running or not, and what it leaves behind is cleared away.
func TestGetAddrInfoContextEnds(t *testing.T) {
	l := looptest.New(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := requests.GetAddrInfoContext(ended, l, "localhost", "", stream)
	uvtest.IsErr(t, "ended before", err, context.Canceled)

	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	_, err = requests.GetAddrInfoContext(ctx, l, "localhost", "", stream) // nobody runs the loop
	uvtest.IsErr(t, "ended meanwhile", err, context.Canceled)
	looptest.Run(t, l)

	running(t, l)
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			go cancel()
			list, err := requests.GetAddrInfoContext(ctx, l, "localhost", "", stream)
			if err != nil {
				uvtest.IsErr(t, "race", err, context.Canceled)
			} else if len(list) == 0 {
				t.Error("neither answer nor error")
			}
		})
	}
	wg.Wait()
	_, err = requests.GetAddrInfoContext(t.Context(), l, "localhost", "", requests.AddrInfoHints{SockType: 99})
	uvtest.IsErr(t, "error of the system", err, uv.EAI_SOCKTYPE)
	_, err = requests.GetAddrInfoContext(t.Context(), l, "", "", stream)
	uvtest.IsErr(t, "error of the call", err, uv.EINVAL)
}

// TestContextFormsOnTheLoop: in a callback they lend the loop. A loop that cannot be lent
// says so instead of waiting for itself.
func TestContextFormsOnTheLoop(t *testing.T) {
	for _, locked := range []bool{false, true} {
		opts, want := []uvgo.Option{uvgo.WithDebug()}, error(nil)
		if locked {
			opts, want = append(opts, uvgo.WithLockedThread()), uv.ErrInCallback
		}
		l := looptest.New(t, opts...)
		ran := uvtest.NewCounter(t, "posted function", 1)
		uvtest.Check(t, l.Post(func() {
			_, err := requests.GetAddrInfoContext(t.Context(), l, "localhost", "", stream)
			uvtest.IsErr(t, "lookup", err, want)
			_, err = requests.RandomBytesContext(t.Context(), l, 1)
			uvtest.IsErr(t, "random", err, want)
			ran.Inc()
		}))
		looptest.Run(t, l)
	}
}

// TestLookupOutlivesRun: a loop with a question in flight does not close, and
// Shutdown waits for the answer.
func TestLookupOutlivesRun(t *testing.T) {
	l, err := uvgo.New()
	uvtest.Check(t, err)
	answers := uvtest.NewCounter(t, "answers", 2)
	_, err = requests.GetAddrInfo(l, "localhost", "", stream, func(_ []requests.AddrInfo, err error) {
		uvtest.Check(t, err)
		answers.Inc()
	})
	uvtest.Check(t, err)
	_, err = requests.GetNameInfo(l, netip.MustParseAddrPort("127.0.0.1:80"), 0, func(_, _ string, err error) {
		uvtest.Check(t, err)
		answers.Inc()
	})
	uvtest.Check(t, err)
	uvtest.IsErr(t, "close", l.Close(), uv.EBUSY)
	uvtest.Check(t, l.Shutdown(t.Context()))
}
