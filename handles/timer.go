package handles

import (
	"math"
	"time"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/invariants"
	"github.com/uvgo/uvgo/uv"
)

// A Timer calls a function in the future, once or again and again. Its clock is the
// loop's, which stands still while callbacks run, and ticks in milliseconds: durations
// are rounded up. C type uv_timer_t.
//
// https://docs.libuv.org/en/v1.x/timer.html
type Timer struct {
	handle
	fn     func()
	repeat uint64 // ms
	drain  uint64 // in which the last start waits
	at     int32  // its number there, none if C's timer may be active before it
	behind bool   // C has not seen the last start: it was taken back
}

// none is no submission.
const none = -1

var _ uv.Handle = (*Timer)(nil)

// NewTimer makes a timer on the loop. C function uv_timer_init.
//
// https://docs.libuv.org/en/v1.x/timer.html#c.uv_timer_init
func NewTimer(l uv.Loop) (*Timer, error) {
	t := &Timer{at: none}
	if err := t.open(l, "timer init", uv.KindTimer, false, (*timerTarget)(t)); err != nil {
		return nil, err
	}
	return t, nil
}

// ms turns a duration into the loop's milliseconds, rounded up; what is not
// positive is 0.
func ms(d time.Duration) uint64 {
	if d <= 0 {
		return 0
	}
	return uint64((d-1)/time.Millisecond) + 1
}

// duration is the reverse; more than a Duration holds is the longest Duration.
func duration(ms uint64) time.Duration {
	if ms > math.MaxInt64/uint64(time.Millisecond) {
		return math.MaxInt64
	}
	return time.Duration(ms) * time.Millisecond
}

// Start makes fn run after timeout, and then every repeat if that is positive. A
// timeout of 0 or less runs it in the next turn. A timer that is started already
// starts anew. EINVAL for a nil fn. C function uv_timer_start.
//
// https://docs.libuv.org/en/v1.x/timer.html#c.uv_timer_start
func (t *Timer) Start(timeout, repeat time.Duration, fn func()) error {
	if err := t.use("timer start"); err != nil {
		return err
	}
	if fn == nil {
		return uv.Fail("timer start", uv.EINVAL)
	}
	t.start(t.core.Ring().NowMS()+ms(timeout), ms(repeat), fn)
	return nil
}

// StartPrecise is Start without a repeat, counted from the clock of the moment instead
// of the loop's: fn never runs before timeout has passed since the call. C functions
// uv_hrtime and uv_timer_start.
//
// https://docs.libuv.org/en/v1.x/timer.html#c.uv_timer_start
func (t *Timer) StartPrecise(timeout time.Duration, fn func()) error {
	if err := t.use("timer start"); err != nil {
		return err
	}
	if fn == nil {
		return uv.Fail("timer start", uv.EINVAL)
	}
	due := uint64(0)
	if timeout > 0 {
		due = (uint64(cuv.Hrtime())+uint64(timeout)-1)/uint64(time.Millisecond) + 1
	}
	t.start(due, 0, fn)
	return nil
}

func (t *Timer) start(due, repeat uint64, fn func()) {
	fresh := true
	if t.has(active) && (t.at == none || !t.retract()) {
		fresh = false
		t.core.Bump(t.c)
	}
	t.fn = fn
	t.repeat = repeat
	t.set(active | started)
	t.behind = false
	if t.at, t.drain = t.core.Ring().SubmitTimer(t.c, due, repeat); !fresh {
		t.at = none
	}
}

// retract takes the last start back if C has not seen it, which leaves C's timer
// inactive. Most timers of a server are timeouts that are stopped soon.
func (t *Timer) retract() bool {
	t.behind = t.core.Ring().Retract(int(t.at), t.drain)
	t.at = none
	return t.behind
}

// Stop stops the timer; fn will not run any more, even if it was due already. C
// function uv_timer_stop.
//
// https://docs.libuv.org/en/v1.x/timer.html#c.uv_timer_stop
func (t *Timer) Stop() error {
	if err := t.use("timer stop"); err != nil {
		return err
	}
	if t.has(active) {
		t.clear(active)
		if t.at == none || !t.retract() { // C has it, and may have reported it
			t.core.Bump(t.c)
			t.core.Ring().Submit(cuv.OpTimerStop, t.c, 0, 0)
		}
	}
	return nil
}

// Again restarts the timer with its repeat as the timeout; without a repeat it does
// nothing. EINVAL if it was never started. C function uv_timer_again.
//
// https://docs.libuv.org/en/v1.x/timer.html#c.uv_timer_again
func (t *Timer) Again() error {
	if err := t.use("timer again"); err != nil {
		return err
	}
	if !t.has(started) {
		return uv.Fail("timer again", uv.EINVAL)
	}
	switch {
	case t.repeat == 0:
	case t.behind:
		t.start(t.core.Ring().NowMS()+t.repeat, t.repeat, t.fn)
	default:
		t.at = none
		t.core.Bump(t.c)
		t.set(active)
		t.core.Ring().Submit(cuv.OpTimerAgain, t.c, 0, 0)
	}
	return nil
}

// SetRepeat changes the repeat, from the next expiry or Again on; 0 or less makes the
// timer run once. C function uv_timer_set_repeat.
//
// https://docs.libuv.org/en/v1.x/timer.html#c.uv_timer_set_repeat
func (t *Timer) SetRepeat(repeat time.Duration) error {
	if err := t.use("timer set repeat"); err != nil {
		return err
	}
	t.repeat = ms(repeat)
	t.core.Ring().Submit(cuv.OpTimerRepeat, t.c, 0, t.repeat)
	return nil
}

// Repeat returns the repeat, 0 for none. C function uv_timer_get_repeat.
//
// https://docs.libuv.org/en/v1.x/timer.html#c.uv_timer_get_repeat
func (t *Timer) Repeat() time.Duration {
	if !t.mine("repeat") {
		return 0
	}
	if invariants.Enabled && !t.behind && !t.has(closing) { // Go keeps it, and so need not cross
		got := t.c.TimerRepeat()
		invariants.Check(got == t.repeat, "a timer repeats after %d ms, libuv says %d", t.repeat, got)
	}
	return duration(t.repeat)
}

// DueIn returns the time until the timer is due by the loop's clock, 0 if it is due or
// not active. C function uv_timer_get_due_in.
//
// https://docs.libuv.org/en/v1.x/timer.html#c.uv_timer_get_due_in
func (t *Timer) DueIn() time.Duration {
	if !t.Active() {
		return 0
	}
	return duration(t.c.TimerDueIn())
}

// complete handles the timer's events. C type uv_timer_cb.
//
// https://docs.libuv.org/en/v1.x/timer.html#c.uv_timer_cb
func (t *Timer) complete(ev *cuv.Event) {
	switch ev.Kind {
	case cuv.EvTimer:
		if !ev.Repeats() {
			t.clear(active)
		}
		t.fn()
	case cuv.EvClose:
		t.fn = nil
		t.finish()
	}
}
