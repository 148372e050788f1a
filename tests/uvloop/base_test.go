package uvloop

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"close_idempotent": kit.PerLoop(testCloseIdempotent),
		"post_fifo":        kit.PerLoop(testPostFIFO),
		"clock_fresh":      kit.PerLoop(testClockFresh),
		"negative_delay":   kit.PerLoop(testNegativeDelay),
		"never_early":      kit.PerLoop(testNeverEarly),
		"huge_delay":       kit.PerLoop(testHugeDelay),
		"cross_post_churn": kit.PerLoop(testCrossPostChurn),
		"nested_run":       kit.PerLoop(testNestedRun),
		"interrupted_run":  kit.PerLoop(testInterruptedRun),
	})
}

func testCloseIdempotent(t *testing.T, l *uvgo.Loop) {
	timer := uvtest.Must(l.NewTimer())
	timer.OnClose(uvtest.NewCounter(t, "close callback", 1).Inc)
	for range 3 {
		uvtest.Check(t, timer.Close())
	}
	looptest.Run(t, l)
	uvtest.Check(t, timer.Close())
	uvtest.Check(t, l.Close())
	uvtest.Check(t, l.Close())
	uvtest.Check(t, l.Shutdown(context.Background()))
	_, once := l.RunOnce()
	_, noWait := l.RunNoWait()
	_, newTimer := l.NewTimer()
	for op, err := range map[string]error{
		"run": l.Run(context.Background()), "run once": once, "run no wait": noWait, "timer init": newTimer, "post": l.Post(func() {}),
	} {
		var op2 *uv.OpError
		if !errors.Is(err, uv.ErrClosed) || !errors.As(err, &op2) || op2.Op != op {
			t.Errorf("%s after Close: %v", op, err)
		}
	}
	l.Stop() // harmless, like the rest that may come late
	if l.Alive() || len(slices.Collect(l.Walk())) != 0 {
		t.Error("the closed loop has something left")
	}
}

func testPostFIFO(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	ctx, cancel := context.WithCancel(context.Background())
	uvtest.Check(t, l.Post(order.Note("1")))
	uvtest.Check(t, l.PostContext(ctx, order.Note("cancelled before the run")))
	uvtest.Check(t, l.PostContext(t.Context(), order.Note("2")))
	cancel()
	ctx, cancel = context.WithCancel(context.Background())
	uvtest.Check(t, l.Post(func() {
		order.Add("3")
		cancel()
		uvtest.Check(t, l.Post(func() {
			order.Add("5")
			uvtest.Check(t, l.Post(order.Note("6")))
		}))
	}))
	uvtest.Check(t, l.PostContext(ctx, order.Note("cancelled by the one before")))
	uvtest.Check(t, l.Post(order.Note("4")))
	if err := l.Post(nil); !errors.Is(err, uv.EINVAL) {
		t.Errorf("a nil function: %v", err)
	}
	looptest.Run(t, l)
	order.Want(t, "1", "2", "3", "4", "5", "6")

	// From each of several goroutines in its order.
	const posters, posts = 4, 200
	next := make([]int, posters)
	var wg sync.WaitGroup
	async := uvtest.Must(l.NewAsync(nil)) // keeps the loop alive
	for p := range posters {
		wg.Go(func() {
			for i := range posts {
				err := l.Post(func() {
					if next[p] != i {
						t.Errorf("function %d of goroutine %d ran when %d was due", i, p, next[p])
					}
					next[p]++
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	go func() {
		wg.Wait()
		_ = l.Post(func() { async.Close() })
	}()
	looptest.Run(t, l)
	if i := slices.IndexFunc(next, func(n int) bool { return n != posts }); i >= 0 {
		t.Errorf("%d of %d functions of goroutine %d ran", next[i], posts, i)
	}
}

func testClockFresh(t *testing.T, l *uvgo.Loop) {
	const block = 20 * time.Millisecond
	fresh := func(since time.Duration, what string) {
		t.Helper()
		if d := l.Now() - since; d < block-5*time.Millisecond { // coarse clocks tick in 4 ms
			t.Errorf("%s: the clock went on by %v in %v", what, d, block)
		}
	}
	// With posted functions alone, for which libuv has nothing to do.
	rounds := 0
	var again func()
	again = func() {
		before := l.Now()
		kit.Spin(block)
		if rounds++; rounds < 4 {
			uvtest.Check(t, l.Post(func() {
				fresh(before, fmt.Sprintf("posted function %d", rounds))
				again()
			}))
		}
	}
	uvtest.Check(t, l.Post(again))
	looptest.Run(t, l)

	// A timer's clock is that of its turn, so the next turn sees the time that
	// the callback took, and a timer started then is not due too early.
	timer := uvtest.Must(l.NewTimer())
	defer timer.Close()
	uvtest.Check(t, timer.Start(0, 0, func() {
		before := l.Now()
		kit.Spin(block)
		if l.Now() != before {
			t.Error("the clock moved within a callback")
		}
		uvtest.Check(t, timer.Start(0, 0, func() { fresh(before, "timer") }))
	}))
	looptest.Run(t, l)
}

func testNegativeDelay(t *testing.T, l *uvgo.Loop) {
	for _, d := range []time.Duration{-1, -time.Hour, math.MinInt64, 0} {
		calls := 0
		timer := uvtest.Must(l.AfterFunc(d, func() { calls++ }))
		if got := timer.DueIn(); got != 0 {
			t.Errorf("%v: due in %v", d, got)
		}
		if looptest.TurnNoWait(t, l); calls != 1 {
			t.Errorf("%v: %d calls in the next turn", d, calls)
		}
		other := uvtest.Must(l.NewTimer())
		uvtest.Check(t, other.Start(d, d, func() { calls++ }))
		if looptest.TurnNoWait(t, l); calls != 2 || other.Active() {
			t.Errorf("%v: %d calls in the next turn, still active %t", d, calls-1, other.Active())
		}
		other.Close()
		looptest.Run(t, l)
	}
}

func testNeverEarly(t *testing.T, l *uvgo.Loop) {
	const timers = 10_000
	fired := uvtest.NewCounter(t, "timers", timers)
	early, worst := 0, time.Duration(0)
	start := func() {
		d := time.Duration(rand.Int64N(int64(30 * time.Millisecond)))
		began := time.Now()
		uvtest.Must(l.AfterFunc(d, func() {
			fired.Inc()
			if got := time.Since(began); got < d {
				early++
				worst = max(worst, d-got)
			}
		}))
	}
	// In portions, so that many start from a clock that is old.
	var portion func()
	started := 0
	portion = func() {
		for range 500 {
			start()
			started++
		}
		if started < timers {
			uvtest.Must(l.AfterFunc(time.Millisecond, portion))
		}
	}
	uvtest.Check(t, l.Post(portion))
	looptest.Run(t, l)
	if early > 0 {
		t.Errorf("%d of %d timers fired early, by %v at worst", early, timers, worst)
	}
}

func testHugeDelay(t *testing.T, l *uvgo.Loop) {
	never := uvtest.NewCounter(t, "huge timers", 0)
	for _, d := range []time.Duration{math.MaxInt64, math.MaxInt64 - 1, 200 * 365 * 24 * time.Hour, math.MaxInt32 * time.Millisecond} {
		after, timer := uvtest.Must(l.AfterFunc(d, never.Inc)), uvtest.Must(l.NewTimer())
		uvtest.Check(t, timer.Start(d, d, never.Inc))
		for _, due := range []time.Duration{after.DueIn(), timer.DueIn()} {
			if due < d-time.Second {
				t.Errorf("%v: due in %v", d, due)
			}
		}
		looptest.TurnNoWait(t, l)
		if timeout, limited := l.BackendTimeout(); limited && timeout < 20*24*time.Hour {
			t.Errorf("%v: the loop waits %v", d, timeout)
		}
		uvtest.Must(l.AfterFunc(time.Millisecond, func() { // after a wait beside them
			after.Close()
			timer.Close()
		}))
		looptest.Run(t, l)
	}
}

func testCrossPostChurn(t *testing.T, l *uvgo.Loop) {
	const posters, posts = 8, 512
	got := make([]bool, posters*posts)
	left := len(got)
	churn := uvtest.Must(l.NewTimer())
	uvtest.Check(t, churn.Start(time.Millisecond, time.Millisecond, func() {
		for i := range 20 {
			d := time.Duration(i%4) * time.Millisecond / 2
			timer := uvtest.Must(l.AfterFunc(d, func() {}))
			if i%3 == 0 {
				timer.Close()
			}
		}
		if left == 0 {
			churn.Close()
		}
	}))
	var wg sync.WaitGroup
	for p := range posters {
		wg.Go(func() {
			for i := range posts {
				err := l.Post(func() {
					if got[p*posts+i] {
						t.Error("a function ran twice")
					}
					got[p*posts+i] = true
					left--
				})
				if err != nil {
					t.Error(err)
				}
				if i%16 == 0 {
					time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond) // let the loop park
				}
			}
		})
	}
	looptest.Run(t, l)
	wg.Wait()
	if left != 0 {
		t.Errorf("%d of %d posted functions were lost", left, len(got))
	}
}

func testNestedRun(t *testing.T, l *uvgo.Loop) {
	attempts := func(from string) {
		_, once := l.RunOnce()
		_, noWait := l.RunNoWait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		for op, err := range map[string]error{
			"Run": l.Run(ctx), "RunOnce": once, "RunNoWait": noWait, "Close": l.Close(), "Shutdown": l.Shutdown(ctx),
		} {
			if !errors.Is(err, uv.ErrRunning) || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s in %s: %v", op, from, err)
			}
		}
	}
	timer := uvtest.Must(l.NewTimer())
	calls := uvtest.NewCounter(t, "timer callback", 3)
	uvtest.Check(t, timer.Start(0, time.Millisecond, func() {
		calls.Inc()
		switch calls.N() {
		case 1:
			attempts("a callback")
		case 2: // from another goroutine, while a callback runs
			done := make(chan bool)
			go func() {
				attempts("another goroutine")
				close(done)
			}()
			<-done
		case 3:
			if timer.Closing() {
				t.Error("a Shutdown that failed has closed the timer")
			}
			timer.Close()
		}
	}))
	looptest.Run(t, l)
}
