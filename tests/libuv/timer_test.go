package libuv

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"timer":               kit.PerLoop(testTimer),
		"timer_again":         kit.PerLoop(testTimerAgain),
		"timer_start_twice":   kit.PerLoop(testTimerStartTwice),
		"timer_order":         kit.PerLoop(testTimerOrder),
		"timer_huge_timeout":  kit.PerLoop(testTimerHugeTimeout),
		"timer_huge_repeat":   kit.PerLoop(testTimerHugeRepeat),
		"timer_is_closing":    kit.PerLoop(testTimerIsClosing),
		"timer_null_callback": kit.PerLoop(testTimerNullCallback),
		"timer_early_check":   kit.PerLoop(testTimerEarlyCheck),
	})
}

const tick = time.Millisecond

func testTimer(t *testing.T, l *uvgo.Loop) {
	const once, repeats = 10, 5
	fired := uvtest.NewCounter(t, "callbacks of the timers that run once", once)
	closed := uvtest.NewCounter(t, "close callback", once+1)
	repeated := uvtest.NewCounter(t, "callback of the timer that repeats", repeats)
	never := uvtest.NewCounter(t, "callback of the timer that is stopped", 0)
	start := l.Now()
	for i := range once {
		timer := uvtest.Must(l.NewTimer())
		timer.OnClose(closed.Inc)
		uvtest.Check(t, timer.Start(time.Duration(i)*5*tick, 0, func() {
			fired.Inc()
			if d := l.Now() - start; d < time.Duration(i)*5*tick || timer.Active() {
				t.Errorf("timer %d fired after %v, active %t", i, d, timer.Active())
			}
			timer.Close()
		}))
	}
	repeat, stopped := uvtest.Must(l.NewTimer()), uvtest.Must(l.NewTimer())
	repeat.OnClose(closed.Inc)
	uvtest.Check(t, repeat.Start(10*tick, 10*tick, func() {
		if !repeat.Active() {
			t.Error("a repeating timer is not active in its callback")
		}
		if repeated.Inc(); repeated.N() == repeats {
			repeat.Close()
		}
	}))
	uvtest.Check(t, stopped.Start(10*tick, 10*tick, never.Inc))
	uvtest.Check(t, stopped.Stop())
	looptest.Run(t, l)
	if d := l.Now() - start; d < repeats*10*tick {
		t.Errorf("%d repeats of 10 ms took %v", repeats, d)
	}
	stopped.Close()
}

func testTimerAgain(t *testing.T, l *uvgo.Loop) {
	const rounds = 10
	dummy, first, second := uvtest.Must(l.NewTimer()), uvtest.Must(l.NewTimer()), uvtest.Must(l.NewTimer())
	if err := dummy.Again(); !errors.Is(err, uv.EINVAL) {
		t.Errorf("Again of a timer that was never started: %v", err)
	}
	repeats := func(h *handles.Timer, want time.Duration) {
		t.Helper()
		if got := h.Repeat(); got != want {
			t.Errorf("the repeat is %v, want %v", got, want)
		}
	}
	firsts := uvtest.NewCounter(t, "timer that postpones", rounds)
	seconds := uvtest.NewCounter(t, "timer that is postponed", 2)
	var last time.Duration // when the second was postponed last
	uvtest.Check(t, first.Start(5*tick, 0, func() {
		repeats(first, 5*tick)
		uvtest.Check(t, second.Again())
		last = l.Now()
		if firsts.Inc(); firsts.N() == rounds {
			first.Close()
		}
	}))
	repeats(first, 0)
	uvtest.Check(t, first.SetRepeat(5*tick))
	repeats(first, 5*tick)
	uvtest.Check(t, second.Start(10*tick, 10*tick, func() {
		if d := l.Now() - last; firsts.N() < rounds || d < 10*tick {
			t.Errorf("fired %v after it was postponed %d times", d, firsts.N())
		}
		last = l.Now()
		seconds.Inc()
		if second.Repeat() == 0 {
			if second.Active() {
				t.Error("active after the last expiry")
			}
			uvtest.Check(t, second.Again()) // without a repeat: nothing
			if second.Active() {
				t.Error("Again without a repeat starts the timer")
			}
			second.Close()
			return
		}
		repeats(second, 10*tick)
		uvtest.Check(t, second.SetRepeat(0)) // from the next expiry on
	}))
	repeats(second, 10*tick)
	looptest.Run(t, l)
	dummy.Close()
}

func testTimerStartTwice(t *testing.T, l *uvgo.Loop) {
	timer := uvtest.Must(l.NewTimer())
	defer timer.Close()
	var order kit.Journal
	uvtest.Check(t, timer.Start(0, 0, order.Note("first")))
	uvtest.Check(t, timer.Start(tick, 0, order.Note("second")))
	looptest.Run(t, l)
	order.Want(t, "second")

	// Also where the first expiry has been found already: both timers are due
	// in one turn, and the earlier one starts the later one anew.
	other := uvtest.Must(l.NewTimer())
	defer other.Close()
	uvtest.Check(t, other.Start(0, 0, func() {
		order.Add("other")
		uvtest.Check(t, timer.Start(tick, 0, order.Note("anew")))
	}))
	uvtest.Check(t, timer.Start(0, 0, order.Note("due")))
	looptest.Run(t, l)
	order.Want(t, "other", "anew")
}

func testTimerOrder(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	timers := make([]*handles.Timer, 64)
	for i := range timers {
		timers[i] = uvtest.Must(l.NewTimer())
		defer timers[i].Close()
	}
	for _, timeout := range []time.Duration{0, 2 * tick} {
		want := make([]string, len(timers))
		for i, k := range rand.Perm(len(timers)) {
			want[i] = fmt.Sprint(k)
			uvtest.Check(t, timers[k].Start(timeout, 0, order.Note(want[i])))
		}
		looptest.Run(t, l)
		order.Want(t, want...)
	}

	// By due time first, and a second start moves a timer to the end.
	a, b, c := timers[0], timers[1], timers[2]
	uvtest.Check(t, a.Start(2*tick, 0, order.Note("a")))
	uvtest.Check(t, b.Start(2*tick, 0, order.Note("b")))
	uvtest.Check(t, c.Start(tick, 0, order.Note("c")))
	uvtest.Check(t, a.Start(2*tick, 0, order.Note("a again")))
	looptest.Run(t, l)
	order.Want(t, "c", "b", "a again")
}

func testTimerHugeTimeout(t *testing.T, l *uvgo.Loop) {
	const century = 100 * 365 * 24 * time.Hour
	huge := uvtest.NewCounter(t, "huge timers", 0)
	tiny, long, longest := uvtest.Must(l.NewTimer()), uvtest.Must(l.NewTimer()), uvtest.Must(l.NewTimer())
	uvtest.Check(t, tiny.Start(tick, 0, func() {
		tiny.Close()
		long.Close()
		longest.Close()
	}))
	uvtest.Check(t, long.Start(century, 0, huge.Inc))
	uvtest.Check(t, longest.Start(math.MaxInt64, 0, huge.Inc))
	for _, due := range []struct {
		timer *handles.Timer
		want  time.Duration
	}{{tiny, tick}, {long, century}, {longest, math.MaxInt64}} {
		if got := due.timer.DueIn(); got != due.want {
			t.Errorf("due in %v, want %v", got, due.want)
		}
	}
	looptest.Run(t, l)
}

func testTimerHugeRepeat(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	tiny, huge := uvtest.Must(l.NewTimer()), uvtest.Must(l.NewTimer())
	note := func(name string) func() {
		return func() {
			if order.Add(name); len(order.Lines) == 10 {
				tiny.Close()
				huge.Close()
			}
		}
	}
	uvtest.Check(t, tiny.Start(2*tick, 2*tick, note("tiny")))
	uvtest.Check(t, huge.Start(tick, math.MaxInt64, note("huge")))
	looptest.Run(t, l)
	order.Want(t, "huge", "tiny", "tiny", "tiny", "tiny", "tiny", "tiny", "tiny", "tiny", "tiny")
}

func testTimerIsClosing(t *testing.T, l *uvgo.Loop) {
	timer := uvtest.Must(l.NewTimer())
	never := uvtest.NewCounter(t, "timer callback", 0)
	uvtest.Check(t, timer.Start(0, tick, never.Inc))
	timer.Close()
	refused := func() {
		t.Helper()
		for _, err := range []error{
			timer.Start(tick, tick, never.Inc), timer.StartPrecise(tick, never.Inc),
			timer.Stop(), timer.Again(), timer.SetRepeat(tick),
		} {
			if !errors.Is(err, uv.EINVAL) || !errors.Is(err, uv.ErrClosed) {
				t.Errorf("a call on a closing timer: %v, want EINVAL", err)
			}
		}
	}
	refused()
	looptest.Run(t, l)
	refused() // and on one that is gone
}

func testTimerNullCallback(t *testing.T, l *uvgo.Loop) {
	timer := uvtest.Must(l.NewTimer())
	defer timer.Close()
	for _, err := range []error{timer.Start(tick, 0, nil), timer.StartPrecise(tick, nil)} {
		if !errors.Is(err, uv.EINVAL) || timer.Active() {
			t.Errorf("%v, active %t; want EINVAL", err, timer.Active())
		}
	}
	if _, err := l.AfterFunc(tick, nil); !errors.Is(err, uv.EINVAL) {
		t.Errorf("AfterFunc without a function: %v", err)
	}
	if l.Alive() {
		t.Error("a refused start keeps the loop alive")
	}
}

func testTimerEarlyCheck(t *testing.T, l *uvgo.Loop) {
	timer := uvtest.Must(l.NewTimer())
	defer timer.Close()
	fired := uvtest.NewCounter(t, "timer callback", 20)
	for range 20 {
		due := l.Now() + 3*tick
		uvtest.Check(t, timer.Start(3*tick-tick/2, 0, func() { // rounded up
			fired.Inc()
			if got := cuv.Hrtime(); got < due || l.Now() < due {
				t.Errorf("due at %v, fired at %v, %v by the loop's clock", due, got, l.Now())
			}
		}))
		looptest.Run(t, l)
	}
}
