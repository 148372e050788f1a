package uvloop

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func testInterruptedRun(t *testing.T, l *uvgo.Loop) {
	long := uvtest.Must(l.NewTimer())
	defer long.Close()
	uvtest.Check(t, long.Start(time.Hour, 0, func() {}))
	interrupted := func(when string, ctx context.Context, want error) {
		t.Helper()
		if err := l.Run(ctx); !errors.Is(err, want) {
			t.Errorf("cancelled %s: %v", when, err)
		}
		// The next run waits for its work.
		ran := false
		uvtest.Must(l.AfterFunc(time.Millisecond, func() {
			ran = true
			l.Stop()
		}))
		if looptest.Run(t, l); !ran {
			t.Errorf("the run after one cancelled %s ended at once", when)
		}
	}

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	never := uvtest.NewCounter(t, "callback in a run whose context has ended", 0)
	uvtest.Check(t, long.Start(0, 0, never.Inc))
	if err := l.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
	uvtest.Check(t, long.Start(time.Hour, 0, func() {}))
	interrupted("before", ctx, context.Canceled)

	ctx, cancel = context.WithCancel(context.Background())
	uvtest.Check(t, l.Post(cancel))
	interrupted("in a callback", ctx, context.Canceled)

	ctx, cancel = context.WithCancel(context.Background())
	uvtest.Check(t, l.Post(func() { go cancel() }))
	interrupted("while it waits", ctx, context.Canceled)

	ctx, cancel = context.WithTimeout(context.Background(), time.Millisecond)
	interrupted("by its deadline", ctx, context.DeadlineExceeded)
	cancel()

	cause := errors.New("the cause")
	ctx, cancelCause := context.WithCancelCause(context.Background())
	cancelCause(cause)
	interrupted("with a cause", ctx, context.Canceled)

	// A cancellation that comes as the run ends must not reach the next run:
	// with one processor its goroutine gets its turn when the next run waits.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range 20 {
		ctx, cancel = context.WithCancel(context.Background())
		uvtest.Check(t, l.Post(func() {
			l.Stop()
			cancel()
		}))
		interrupted("as it ends", ctx, context.Canceled)
	}
}
