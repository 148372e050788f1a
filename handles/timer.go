package handles

import (
	"math"
	"time"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/invariants"
	"github.com/uvgo/uvgo/uv"
)

// A Timer calls a function in the future, once or repeatedly. It uses the loop's clock,
// which stands still while callbacks run and counts milliseconds. Durations are rounded
// up to milliseconds. C type uv_timer_t.
//
// https://docs.libuv.org/en/v1.x/timer.html
type Timer struct {
	handle
	fn         func()
	repeat     uint64 // ms
	drain      uint64 // the drain of the ring for which the last start waits
	submission int32  // the last start's number in the ring, noSubmission if it cannot be retracted
	retracted  bool   // the last start was retracted, so C's timer does not have its repeat
}

// noSubmission is the number of no submission.
const noSubmission = -1

var _ uv.Handle = (*Timer)(nil)

// NewTimer makes a timer on the loop. C function uv_timer_init.
//
// https://docs.libuv.org/en/v1.x/timer.html#c.uv_timer_init
func NewTimer(l uv.Loop) (*Timer, error) {
	t := &Timer{submission: noSubmission}
	if err := t.open(l, "timer init", uv.KindTimer, false, (*timerTarget)(t)); err != nil {
		return nil, err
	}
	return t, nil
}

// ms converts a duration to milliseconds, rounded up. It returns 0 for a negative one.
func ms(d time.Duration) uint64 {
	if d <= 0 {
		return 0
	}
	return uint64((d-1)/time.Millisecond) + 1
}

// duration converts milliseconds to a Duration, or to the longest one if there are too
// many.
func duration(ms uint64) time.Duration {
	if ms > math.MaxInt64/uint64(time.Millisecond) {
		return math.MaxInt64
	}
	return time.Duration(ms) * time.Millisecond
}

// Start makes fn run after timeout, and then every repeat if repeat is positive. With a
// timeout of 0 or less fn runs in the next turn. Start replaces an earlier Start.
// EINVAL for a nil fn. C function uv_timer_start.
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

// StartPrecise is Start without a repeat, and reads the system's clock. fn never runs
// before timeout has passed since the call. Start counts from the time at which the
// turn began, so its fn may run earlier than that. C functions uv_hrtime and
// uv_timer_start.
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
	retractable := true // C's timer is inactive before the submission
	if t.has(active) && (t.submission == noSubmission || !t.retract()) {
		retractable = false
		t.core.Bump(t.c)
	}
	t.fn = fn
	t.repeat = repeat
	t.set(active | started)
	t.retracted = false
	if t.submission, t.drain = t.core.Ring().SubmitTimer(t.c, due, repeat); !retractable {
		t.submission = noSubmission
	}
}

// retract removes the last start from the ring, if C has not seen it yet. C's timer is
// then inactive. This pays because most timers of a server are timeouts that are
// stopped in the turn that started them.
func (t *Timer) retract() bool {
	t.retracted = t.core.Ring().Retract(int(t.submission), t.drain)
	t.submission = noSubmission
	return t.retracted
}

// Stop stops the timer. The function does not run any more, even if it was due already.
// C function uv_timer_stop.
//
// https://docs.libuv.org/en/v1.x/timer.html#c.uv_timer_stop
func (t *Timer) Stop() error {
	if err := t.use("timer stop"); err != nil {
		return err
	}
	if t.has(active) {
		t.clear(active)
		if t.submission == noSubmission || !t.retract() { // C has the start, and an event of it may wait for delivery
			t.core.Bump(t.c)
			t.core.Ring().Submit(cuv.OpTimerStop, t.c, 0, 0)
		}
	}
	return nil
}

// Again restarts the timer with its repeat as the timeout. Without a repeat it does
// nothing. EINVAL if the timer was never started. C function uv_timer_again.
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
	case t.retracted: // C's timer has another repeat, or none
		t.start(t.core.Ring().NowMS()+t.repeat, t.repeat, t.fn)
	default:
		t.submission = noSubmission
		t.core.Bump(t.c)
		t.set(active)
		t.core.Ring().Submit(cuv.OpTimerAgain, t.c, 0, 0)
	}
	return nil
}

// SetRepeat changes the repeat, from the next expiry or Again on. With 0 or less the
// timer does not repeat. C function uv_timer_set_repeat.
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

// Repeat returns the repeat, 0 if there is none. C function uv_timer_get_repeat.
//
// https://docs.libuv.org/en/v1.x/timer.html#c.uv_timer_get_repeat
func (t *Timer) Repeat() time.Duration {
	if !t.owned("repeat") {
		return 0
	}
	if invariants.Enabled && !t.retracted && !t.has(closing) { // Go's copy of it saves a crossing
		got := t.c.TimerRepeat()
		invariants.Check(got == t.repeat, "a timer repeats after %d ms, libuv says %d", t.repeat, got)
	}
	return duration(t.repeat)
}

// DueIn returns the time until the timer is due, by the loop's clock. 0 if the timer is
// due or not active. C function uv_timer_get_due_in.
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
