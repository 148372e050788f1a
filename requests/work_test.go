package requests_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// occupy makes every worker of the pool run a function that waits, and returns
// what lets them go on.
func occupy(t testing.TB, l *uvgo.Loop) (release func()) {
	t.Helper()
	gate := make(chan struct{})
	n := requests.WorkLimit()
	started := make(chan struct{}, n)
	done := uvtest.NewCounter(t, "waiting work", n)
	for range n {
		_, err := requests.StartWork(l, func() error {
			started <- struct{}{}
			<-gate
			return nil
		}, func(err error) {
			uvtest.Check(t, err)
			done.Inc()
		})
		uvtest.Check(t, err)
	}
	for range n {
		<-started
	}
	return func() { close(gate) }
}

// TestWorkCompletesOnTheLoop: each work once, with its error, and Run waits.
func TestWorkCompletesOnTheLoop(t *testing.T) {
	for _, park := range []uvgo.Parking{uvgo.ParkThread, uvgo.ParkGoroutine} {
		l := looptest.New(t, uvgo.WithParking(park), uvgo.WithDebug())
		const n = 500
		done := uvtest.NewCounter(t, "done", n)
		var ran atomic.Int32
		onLoop := 0 // no lock: done runs on the loop
		for i := range n {
			own := fmt.Errorf("error %d", i)
			_, err := requests.StartWork(l, func() error {
				ran.Add(1)
				return own
			}, func(err error) {
				done.Inc()
				onLoop++
				if err != own {
					t.Errorf("work %d: %v", i, err)
				}
			})
			uvtest.Check(t, err)
		}
		uvtest.IsErr(t, "close", l.Close(), uv.EBUSY)
		looptest.Run(t, l)
		if onLoop != n || ran.Load() != n {
			t.Errorf("%d ran, %d done; want %d", ran.Load(), onLoop, n)
		}
		_, err := requests.StartWork(l, func() error { ran.Add(1); return nil }, nil)
		uvtest.Check(t, err)
		looptest.Run(t, l)
		if ran.Load() != n+1 {
			t.Error("Run did not wait for a work without done")
		}
	}
}

// TestWorkIsBounded: never more at a time than WorkLimit, from two loops.
func TestWorkIsBounded(t *testing.T) {
	a, b := looptest.New(t), looptest.New(t)
	release := occupy(t, a)
	var ran atomic.Int32
	for range 100 {
		_, err := requests.StartWork(b, func() error { ran.Add(1); return nil }, nil)
		uvtest.Check(t, err)
	}
	for range 100 {
		runtime.Gosched()
		uvtest.Must(b.RunNoWait())
	}
	if n := ran.Load(); n != 0 {
		t.Errorf("%d works ran beyond the limit", n)
	}
	release()
	looptest.Run(t, a)
	looptest.Run(t, b)
	if n := ran.Load(); n != 100 {
		t.Errorf("%d of 100 works ran", n)
	}
}

// TestWorkCancelIsSafeFromAnywhere: many goroutines cancel the same works while
// workers take them; each work completes once and as its Cancels said.
func TestWorkCancelIsSafeFromAnywhere(t *testing.T) {
	l := looptest.New(t)
	const n = 300
	done := uvtest.NewCounter(t, "done", n)
	var outcome [n]error
	var ran [n]atomic.Bool
	var works [n]*requests.Work
	for i := range n {
		w, err := requests.StartWork(l, func() error { ran[i].Store(true); return nil }, func(err error) {
			done.Inc()
			outcome[i] = err
		})
		uvtest.Check(t, err)
		works[i] = w
	}
	var wins [n]atomic.Int32
	canceled := make(chan struct{})
	for range 4 {
		go func() {
			for i, w := range works {
				switch err := w.Cancel(); {
				case err == nil:
					wins[i].Add(1)
				case !errors.Is(err, uv.EBUSY):
					t.Errorf("cancel: %v", err)
				}
			}
			canceled <- struct{}{}
		}()
	}
	for range 4 {
		<-canceled
	}
	looptest.Run(t, l)
	for i := range n {
		switch won := wins[i].Load(); {
		case won > 1:
			t.Errorf("work %d was cancelled %d times", i, won)
		case won == 1 && (ran[i].Load() || !errors.Is(outcome[i], uv.ECANCELED) || !errors.Is(outcome[i], context.Canceled)):
			t.Errorf("work %d was cancelled: ran %t, %v", i, ran[i].Load(), outcome[i])
		case won == 0 && (!ran[i].Load() || outcome[i] != nil):
			t.Errorf("work %d was not cancelled: ran %t, %v", i, ran[i].Load(), outcome[i])
		}
		uvtest.IsErr(t, "late cancel", works[i].Cancel(), uv.EBUSY)
	}
}

// TestWorkContext: its end takes back what waits, and is seen by what runs.
func TestWorkContext(t *testing.T) {
	l := looptest.New(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	done := uvtest.NewCounter(t, "done", 3)
	started := make(chan struct{})
	_, err := requests.StartWorkContext(ctx, l, func(ctx context.Context) error {
		close(started)
		<-ctx.Done()
		return context.Cause(ctx)
	}, func(err error) {
		done.Inc()
		if err == nil || err.Error() != "enough" {
			t.Errorf("running: %v", err)
		}
	})
	uvtest.Check(t, err)
	<-started
	var release func()
	func() {
		gate := make(chan struct{})
		release = func() { close(gate) }
		for range requests.WorkLimit() - 1 {
			_, err := requests.StartWork(l, func() error { <-gate; return nil }, nil)
			uvtest.Check(t, err)
		}
	}()
	_, err = requests.StartWorkContext(ctx, l, func(context.Context) error {
		t.Error("runs although its context ended")
		return nil
	}, func(err error) {
		done.Inc()
		release()
		uvtest.IsErr(t, "waiting", err, context.Canceled)
	})
	uvtest.Check(t, err)
	cancel(errors.New("enough"))
	_, err = requests.StartWorkContext(ctx, l, func(context.Context) error {
		t.Error("runs although its context had ended")
		return nil
	}, func(err error) {
		done.Inc()
		uvtest.IsErr(t, "ended before", err, context.Canceled)
	})
	uvtest.Check(t, err)
	looptest.Run(t, l)
}

func explode() error { panic("in the work") }

// TestWorkPanicEndsRun: done gets it, Run returns it with the stack of the
// function that panicked, and the loop goes on.
func TestWorkPanicEndsRun(t *testing.T) {
	l := looptest.New(t)
	done := uvtest.NewCounter(t, "done", 2)
	_, err := requests.StartWork(l, explode, func(err error) {
		done.Inc()
		var p *uv.PanicError
		if !errors.As(err, &p) || p.Value != "in the work" {
			t.Errorf("done got %v", err)
		}
	})
	uvtest.Check(t, err)
	var p *uv.PanicError
	if err := l.Run(t.Context()); !errors.As(err, &p) || p.Value != "in the work" || !strings.Contains(string(p.Stack), "requests_test.explode") {
		t.Errorf("Run: %v", err)
	}
	_, err = requests.StartWork(l, func() error { return nil }, func(err error) { uvtest.Check(t, err); done.Inc() })
	uvtest.Check(t, err)
	looptest.Run(t, l)
}

// TestWorkPanicReachesTheHandler: without done, too.
func TestWorkPanicReachesTheHandler(t *testing.T) {
	caught := uvtest.NewCounter(t, "handler", 2)
	l := looptest.New(t, uvgo.WithPanicHandler(func(p *uv.PanicError) {
		caught.Inc()
		if p.Value != "in the work" {
			t.Errorf("the handler got %v", p.Value)
		}
	}))
	for _, done := range []func(error){nil, func(error) {}} {
		_, err := requests.StartWork(l, explode, done)
		uvtest.Check(t, err)
	}
	looptest.Run(t, l)
}

// TestWorkGoexit: a function that leaves its goroutine completes, and its
// worker is replaced.
func TestWorkGoexit(t *testing.T) {
	l := looptest.New(t)
	n := 3 * requests.WorkLimit()
	done := uvtest.NewCounter(t, "done", n)
	for range n {
		_, err := requests.StartWork(l, func() error { runtime.Goexit(); return nil }, func(err error) {
			done.Inc()
			if err == nil || !strings.Contains(err.Error(), "Goexit") {
				t.Errorf("%v", err)
			}
		})
		uvtest.Check(t, err)
	}
	looptest.Run(t, l)
	occupy(t, l)()
	looptest.Run(t, l)
}

// TestWorkAndClose: a loop does not close under its works, and Shutdown waits
// for those that run.
func TestWorkAndClose(t *testing.T) {
	l, err := uvgo.New()
	uvtest.Check(t, err)
	release := occupy(t, l)
	uvtest.IsErr(t, "close", l.Close(), uv.EBUSY)
	short, cancel := context.WithCancel(t.Context())
	cancel()
	uvtest.IsErr(t, "shutdown", l.Shutdown(short), context.Canceled)
	again := uvtest.NewCounter(t, "work started meanwhile", 1)
	_, err = requests.StartWork(l, func() error { return nil }, func(error) { again.Inc() })
	uvtest.Check(t, err)
	go release()
	uvtest.Check(t, l.Shutdown(t.Context()))
	_, err = requests.StartWork(l, func() error { return nil }, nil)
	uvtest.IsErr(t, "closed loop", err, uv.ErrClosed)
}

func TestWorkMisuse(t *testing.T) {
	l := looptest.New(t)
	_, err := requests.StartWork(l, nil, nil)
	uvtest.IsErr(t, "no function", err, uv.EINVAL)
	_, err = requests.StartWorkContext(t.Context(), l, nil, nil)
	uvtest.IsErr(t, "no function", err, uv.EINVAL)
	_, err = requests.StartWork(nil, func() error { return nil }, nil)
	uvtest.IsErr(t, "no loop", err, uv.EINVAL)
	if l.Alive() {
		t.Error("a refused work keeps the loop alive")
	}
}
