package tests

import (
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// Timers and the phases of a turn.
func init() {
	libuvTests.add(suite{
		"timer_zero_timeout":          onEachLoop(testTimerZeroTimeout),
		"timer_run_once":              onEachLoop(testTimerRunOnce),
		"timer_from_check":            onEachLoop(testTimerFromCheck),
		"timer_no_double_call_once":   onEachLoop(testTimerNoDoubleCallOnce),
		"timer_no_double_call_nowait": onEachLoop(testTimerNoDoubleCallNoWait),
		"timer_no_run_on_unref":       onEachLoop(testTimerNoRunOnUnref),
	})
}

func testTimerZeroTimeout(t *testing.T, l *uvgo.Loop) {
	timer := must(l.NewTimer())
	calls := 0
	var again func()
	again = func() {
		calls++
		check(t, timer.Start(0, 0, again))
		l.Stop()
	}
	check(t, timer.Start(0, 0, again))
	looptest.Run(t, l)
	if calls != 1 || !l.Alive() {
		t.Errorf("%d calls before Stop took effect, alive %t", calls, l.Alive())
	}
	for i := 2; i <= 5; i++ { // one turn, one call
		if turnOnce(t, l); calls != i {
			t.Errorf("turn %d: %d calls", i, calls)
		}
	}
	timer.Close()
	looptest.Run(t, l)
	if calls != 5 {
		t.Errorf("%d calls after Close", calls-5)
	}
}

func testTimerRunOnce(t *testing.T, l *uvgo.Loop) {
	timer := must(l.NewTimer())
	calls := 0
	for i := 1; i <= 20; i++ {
		timeout := tick
		if i%2 == 1 {
			timeout = 0
		}
		check(t, timer.Start(timeout, 0, func() { calls++ }))
		if alive := turnOnce(t, l); calls != i || alive {
			t.Fatalf("timeout %v: %d calls after %d turns, alive %t", timeout, calls, i, alive)
		}
	}
	timer.OnClose(uvtest.NewCounter(t, "close callback", 1).Inc)
	timer.Close()
	if turnOnce(t, l) {
		t.Error("alive after the last handle")
	}
}

func testTimerFromCheck(t *testing.T, l *uvgo.Loop) {
	turns := func() { // Run would begin with the timers that are due
		for turnOnce(t, l) {
		}
	}
	var order journal
	prepare, chk, timer := must(l.NewPrepare()), must(l.NewCheck()), must(l.NewTimer())
	defer prepare.Close()
	defer chk.Close()
	defer timer.Close()
	check(t, chk.Start(func() { // the poll ended because the timer is due
		order.add("check")
		check(t, chk.Stop())
		check(t, timer.Stop())
		check(t, timer.Start(2*tick, 0, order.note("timer")))
		check(t, prepare.Start(func() {
			order.add("prepare")
			check(t, prepare.Stop())
		}))
	}))
	check(t, timer.Start(2*tick, 0, order.note("cancelled timer")))
	turns()
	order.want(t, "check", "prepare", "timer")

	// Stop and Close cancel it as well.
	for _, cancel := range []func() error{timer.Stop, timer.Close} {
		check(t, chk.Start(func() {
			order.add("check")
			check(t, chk.Stop())
			check(t, cancel())
		}))
		check(t, timer.Start(2*tick, 2*tick, order.note("cancelled timer")))
		turns()
		order.want(t, "check")
	}
}

func testTimerNoDoubleCallOnce(t *testing.T, l *uvgo.Loop) {
	testNoDoubleCall(t, l, turnOnce)
}

func testTimerNoDoubleCallNoWait(t *testing.T, l *uvgo.Loop) {
	testNoDoubleCall(t, l, turnNoWait)
}

// testNoDoubleCall runs turns with a repeating timer that is overdue by more
// than its repeat.
func testNoDoubleCall(t *testing.T, l *uvgo.Loop, turn func(testing.TB, *uvgo.Loop) bool) {
	timer := must(l.NewTimer())
	defer timer.Close()
	calls := 0
	check(t, timer.Start(2*tick, 2*tick, func() { calls++ }))
	for i := 1; i <= 10; i++ {
		spin(5 * tick)
		l.UpdateTime()
		if i%2 == 0 { // with and without a clock that knows
			spin(5 * tick)
		}
		if alive := turn(t, l); calls != i || !alive {
			t.Fatalf("turn %d: %d calls, alive %t", i, calls, alive)
		}
	}
}

func testTimerNoRunOnUnref(t *testing.T, l *uvgo.Loop) {
	timer := must(l.NewTimer())
	defer timer.Close()
	calls := 0
	check(t, timer.Start(0, 0, func() { calls++ }))
	timer.Unref()
	spin(2 * tick)
	looptest.Run(t, l)
	turnOnce(t, l)
	turnNoWait(t, l)
	if calls != 0 {
		t.Errorf("ran %d times although nothing keeps the loop alive", calls)
	}
	check(t, l.Post(func() {})) // a turn for another reason
	timer.Ref()
	if turnOnce(t, l); calls != 1 {
		t.Errorf("ran %d times once referenced again", calls)
	}
}
