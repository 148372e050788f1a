package tests

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
	"github.com/uvgo/uvgo/uv"
)

func init() {
	libuvTests.add(suite{
		"timer":               onEachLoop(testTimer),
		"timer_again":         onEachLoop(testTimerAgain),
		"timer_start_twice":   onEachLoop(testTimerStartTwice),
		"timer_order":         onEachLoop(testTimerOrder),
		"timer_huge_timeout":  onEachLoop(testTimerHugeTimeout),
		"timer_huge_repeat":   onEachLoop(testTimerHugeRepeat),
		"timer_is_closing":    onEachLoop(testTimerIsClosing),
		"timer_null_callback": onEachLoop(testTimerNullCallback),
		"timer_early_check":   onEachLoop(testTimerEarlyCheck),
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
		timer := must(l.NewTimer())
		timer.OnClose(closed.Inc)
		check(t, timer.Start(time.Duration(i)*5*tick, 0, func() {
			fired.Inc()
			if d := l.Now() - start; d < time.Duration(i)*5*tick || timer.Active() {
				t.Errorf("timer %d fired after %v, active %t", i, d, timer.Active())
			}
			timer.Close()
		}))
	}
	repeat, stopped := must(l.NewTimer()), must(l.NewTimer())
	repeat.OnClose(closed.Inc)
	check(t, repeat.Start(10*tick, 10*tick, func() {
		if !repeat.Active() {
			t.Error("a repeating timer is not active in its callback")
		}
		if repeated.Inc(); repeated.N() == repeats {
			repeat.Close()
		}
	}))
	check(t, stopped.Start(10*tick, 10*tick, never.Inc))
	check(t, stopped.Stop())
	looptest.Run(t, l)
	if d := l.Now() - start; d < repeats*10*tick {
		t.Errorf("%d repeats of 10 ms took %v", repeats, d)
	}
	stopped.Close()
}

func testTimerAgain(t *testing.T, l *uvgo.Loop) {
	const rounds = 10
	dummy, first, second := must(l.NewTimer()), must(l.NewTimer()), must(l.NewTimer())
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
	check(t, first.Start(5*tick, 0, func() {
		repeats(first, 5*tick)
		check(t, second.Again())
		last = l.Now()
		if firsts.Inc(); firsts.N() == rounds {
			first.Close()
		}
	}))
	repeats(first, 0)
	check(t, first.SetRepeat(5*tick))
	repeats(first, 5*tick)
	check(t, second.Start(10*tick, 10*tick, func() {
		if d := l.Now() - last; firsts.N() < rounds || d < 10*tick {
			t.Errorf("fired %v after it was postponed %d times", d, firsts.N())
		}
		last = l.Now()
		seconds.Inc()
		if second.Repeat() == 0 {
			if second.Active() {
				t.Error("active after the last expiry")
			}
			check(t, second.Again()) // without a repeat: nothing
			if second.Active() {
				t.Error("Again without a repeat starts the timer")
			}
			second.Close()
			return
		}
		repeats(second, 10*tick)
		check(t, second.SetRepeat(0)) // from the next expiry on
	}))
	repeats(second, 10*tick)
	looptest.Run(t, l)
	dummy.Close()
}

func testTimerStartTwice(t *testing.T, l *uvgo.Loop) {
	timer := must(l.NewTimer())
	defer timer.Close()
	var order journal
	check(t, timer.Start(0, 0, order.note("first")))
	check(t, timer.Start(tick, 0, order.note("second")))
	looptest.Run(t, l)
	order.want(t, "second")

	// Also where the first expiry has been found already: both timers are due
	// in one turn, and the earlier one starts the later one anew.
	other := must(l.NewTimer())
	defer other.Close()
	check(t, other.Start(0, 0, func() {
		order.add("other")
		check(t, timer.Start(tick, 0, order.note("anew")))
	}))
	check(t, timer.Start(0, 0, order.note("due")))
	looptest.Run(t, l)
	order.want(t, "other", "anew")
}

func testTimerOrder(t *testing.T, l *uvgo.Loop) {
	var order journal
	timers := make([]*handles.Timer, 64)
	for i := range timers {
		timers[i] = must(l.NewTimer())
		defer timers[i].Close()
	}
	for _, timeout := range []time.Duration{0, 2 * tick} {
		want := make([]string, len(timers))
		for i, k := range rand.Perm(len(timers)) {
			want[i] = fmt.Sprint(k)
			check(t, timers[k].Start(timeout, 0, order.note(want[i])))
		}
		looptest.Run(t, l)
		order.want(t, want...)
	}

	// By due time first, and a second start moves a timer to the end.
	a, b, c := timers[0], timers[1], timers[2]
	check(t, a.Start(2*tick, 0, order.note("a")))
	check(t, b.Start(2*tick, 0, order.note("b")))
	check(t, c.Start(tick, 0, order.note("c")))
	check(t, a.Start(2*tick, 0, order.note("a again")))
	looptest.Run(t, l)
	order.want(t, "c", "b", "a again")
}

func testTimerHugeTimeout(t *testing.T, l *uvgo.Loop) {
	const century = 100 * 365 * 24 * time.Hour
	huge := uvtest.NewCounter(t, "huge timers", 0)
	tiny, long, longest := must(l.NewTimer()), must(l.NewTimer()), must(l.NewTimer())
	check(t, tiny.Start(tick, 0, func() {
		tiny.Close()
		long.Close()
		longest.Close()
	}))
	check(t, long.Start(century, 0, huge.Inc))
	check(t, longest.Start(math.MaxInt64, 0, huge.Inc))
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
	var order journal
	tiny, huge := must(l.NewTimer()), must(l.NewTimer())
	note := func(name string) func() {
		return func() {
			if order.add(name); len(order.lines) == 10 {
				tiny.Close()
				huge.Close()
			}
		}
	}
	check(t, tiny.Start(2*tick, 2*tick, note("tiny")))
	check(t, huge.Start(tick, math.MaxInt64, note("huge")))
	looptest.Run(t, l)
	order.want(t, "huge", "tiny", "tiny", "tiny", "tiny", "tiny", "tiny", "tiny", "tiny", "tiny")
}

func testTimerIsClosing(t *testing.T, l *uvgo.Loop) {
	timer := must(l.NewTimer())
	never := uvtest.NewCounter(t, "timer callback", 0)
	check(t, timer.Start(0, tick, never.Inc))
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
	timer := must(l.NewTimer())
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
	timer := must(l.NewTimer())
	defer timer.Close()
	fired := uvtest.NewCounter(t, "timer callback", 20)
	for range 20 {
		due := l.Now() + 3*tick
		check(t, timer.Start(3*tick-tick/2, 0, func() { // rounded up
			fired.Inc()
			if got := cuv.Hrtime(); got < due || l.Now() < due {
				t.Errorf("due at %v, fired at %v, %v by the loop's clock", due, got, l.Now())
			}
		}))
		looptest.Run(t, l)
	}
}
