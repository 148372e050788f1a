package libuv

import (
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

// Timers and the phases of a turn.
func init() {
	suite.Add(kit.Suite{
		"timer_zero_timeout":          kit.PerLoop(testTimerZeroTimeout),
		"timer_run_once":              kit.PerLoop(testTimerRunOnce),
		"timer_from_check":            kit.PerLoop(testTimerFromCheck),
		"timer_no_double_call_once":   kit.PerLoop(testTimerNoDoubleCallOnce),
		"timer_no_double_call_nowait": kit.PerLoop(testTimerNoDoubleCallNoWait),
		"timer_no_run_on_unref":       kit.PerLoop(testTimerNoRunOnUnref),
	})
}

func testTimerZeroTimeout(t *testing.T, l *uvgo.Loop) {
	timer := uvtest.Must(l.NewTimer())
	calls := 0
	var again func()
	again = func() {
		calls++
		uvtest.Check(t, timer.Start(0, 0, again))
		l.Stop()
	}
	uvtest.Check(t, timer.Start(0, 0, again))
	looptest.Run(t, l)
	if calls != 1 || !l.Alive() {
		t.Errorf("%d calls before Stop took effect, alive %t", calls, l.Alive())
	}
	for i := 2; i <= 5; i++ { // one turn, one call
		if looptest.TurnOnce(t, l); calls != i {
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
	timer := uvtest.Must(l.NewTimer())
	calls := 0
	for i := 1; i <= 20; i++ {
		timeout := tick
		if i%2 == 1 {
			timeout = 0
		}
		uvtest.Check(t, timer.Start(timeout, 0, func() { calls++ }))
		if alive := looptest.TurnOnce(t, l); calls != i || alive {
			t.Fatalf("timeout %v: %d calls after %d turns, alive %t", timeout, calls, i, alive)
		}
	}
	timer.OnClose(uvtest.NewCounter(t, "close callback", 1).Inc)
	timer.Close()
	if looptest.TurnOnce(t, l) {
		t.Error("alive after the last handle")
	}
}

func testTimerFromCheck(t *testing.T, l *uvgo.Loop) {
	turns := func() { // Run would begin with the timers that are due
		for looptest.TurnOnce(t, l) {
		}
	}
	var order kit.Journal
	prepare, chk, timer := uvtest.Must(l.NewPrepare()), uvtest.Must(l.NewCheck()), uvtest.Must(l.NewTimer())
	defer prepare.Close()
	defer chk.Close()
	defer timer.Close()
	uvtest.Check(t, chk.Start(func() { // the poll ended because the timer is due
		order.Add("check")
		uvtest.Check(t, chk.Stop())
		uvtest.Check(t, timer.Stop())
		uvtest.Check(t, timer.Start(2*tick, 0, order.Note("timer")))
		uvtest.Check(t, prepare.Start(func() {
			order.Add("prepare")
			uvtest.Check(t, prepare.Stop())
		}))
	}))
	uvtest.Check(t, timer.Start(2*tick, 0, order.Note("cancelled timer")))
	turns()
	order.Want(t, "check", "prepare", "timer")

	// Stop and Close cancel it as well.
	for _, cancel := range []func() error{timer.Stop, timer.Close} {
		uvtest.Check(t, chk.Start(func() {
			order.Add("check")
			uvtest.Check(t, chk.Stop())
			uvtest.Check(t, cancel())
		}))
		uvtest.Check(t, timer.Start(2*tick, 2*tick, order.Note("cancelled timer")))
		turns()
		order.Want(t, "check")
	}
}

func testTimerNoDoubleCallOnce(t *testing.T, l *uvgo.Loop) {
	testNoDoubleCall(t, l, looptest.TurnOnce)
}

func testTimerNoDoubleCallNoWait(t *testing.T, l *uvgo.Loop) {
	testNoDoubleCall(t, l, looptest.TurnNoWait)
}

// testNoDoubleCall runs turns with a repeating timer that is overdue by more
// than its repeat.
func testNoDoubleCall(t *testing.T, l *uvgo.Loop, turn func(testing.TB, *uvgo.Loop) bool) {
	timer := uvtest.Must(l.NewTimer())
	defer timer.Close()
	calls := 0
	uvtest.Check(t, timer.Start(2*tick, 2*tick, func() { calls++ }))
	for i := 1; i <= 10; i++ {
		kit.Spin(5 * tick)
		l.UpdateTime()
		if i%2 == 0 { // with and without a clock that knows
			kit.Spin(5 * tick)
		}
		if alive := turn(t, l); calls != i || !alive {
			t.Fatalf("turn %d: %d calls, alive %t", i, calls, alive)
		}
	}
}

func testTimerNoRunOnUnref(t *testing.T, l *uvgo.Loop) {
	timer := uvtest.Must(l.NewTimer())
	defer timer.Close()
	calls := 0
	uvtest.Check(t, timer.Start(0, 0, func() { calls++ }))
	timer.Unref()
	kit.Spin(2 * tick)
	looptest.Run(t, l)
	looptest.TurnOnce(t, l)
	looptest.TurnNoWait(t, l)
	if calls != 0 {
		t.Errorf("ran %d times although nothing keeps the loop alive", calls)
	}
	uvtest.Check(t, l.Post(func() {})) // a turn for another reason
	timer.Ref()
	if looptest.TurnOnce(t, l); calls != 1 {
		t.Errorf("ran %d times once referenced again", calls)
	}
}
