package handles_test

import (
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestTimerStartsThatCNeverSaw starts and stops timers inside one turn, where the start
// is retracted, in all ways in which C's state could come to differ from Go's.
func TestTimerStartsThatCNeverSaw(t *testing.T) {
	never := func() { t.Error("a timer fires that was stopped, or started anew") }
	for name, run := range map[string]func(l *uvgo.Loop, tm *handles.Timer, fired func()){
		"again after the first start was taken back": func(l *uvgo.Loop, tm *handles.Timer, fired func()) {
			uvtest.Check(t, tm.Start(time.Hour, time.Millisecond, fired))
			uvtest.Check(t, tm.Stop())
			uvtest.Check(t, tm.Again())
		},
		"again with the repeat of a start that was taken back": func(l *uvgo.Loop, tm *handles.Timer, fired func()) {
			uvtest.Check(t, tm.Start(0, time.Hour, never))
			l.Alive() // C sees it
			uvtest.Check(t, tm.Stop())
			uvtest.Check(t, tm.Start(time.Hour, time.Millisecond, fired))
			uvtest.Check(t, tm.Stop())
			uvtest.Check(t, tm.Again())
		},
		"a stop that C must see": func(l *uvgo.Loop, tm *handles.Timer, fired func()) {
			uvtest.Check(t, tm.Start(0, 0, never))
			l.Alive()
			uvtest.Check(t, tm.Start(time.Hour, 0, never)) // of an active timer: cannot be retracted
			uvtest.Check(t, tm.Stop())
			uvtest.Check(t, tm.Start(time.Millisecond, 0, fired))
		},
		"restarted again and again": func(l *uvgo.Loop, tm *handles.Timer, fired func()) {
			for range 10000 { // more than the ring holds
				uvtest.Check(t, tm.Start(0, 0, never))
			}
			uvtest.Check(t, tm.Start(0, 0, fired))
		},
		"other operations in between": func(l *uvgo.Loop, tm *handles.Timer, fired func()) {
			uvtest.Check(t, tm.Start(0, time.Hour, never))
			uvtest.Check(t, tm.SetRepeat(time.Millisecond))
			tm.Unref()
			other := uvtest.Must(l.NewTimer())
			uvtest.Check(t, other.Start(0, 0, func() { uvtest.CloseAll(t, other) }))
			uvtest.Check(t, tm.Stop())
			tm.Ref()
			uvtest.Check(t, tm.Start(time.Hour, tm.Repeat(), fired))
			uvtest.Check(t, tm.Again())
		},
	} {
		t.Run(name, func(t *testing.T) {
			looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
				tm := uvtest.Must(l.NewTimer())
				fired := uvtest.NewCounter(t, "the last start", 1)
				run(l, tm, func() {
					fired.Inc()
					uvtest.CloseAll(t, tm)
				})
				looptest.Run(t, l)
			})
		})
	}
}

// TestTimerStopsLeaveOrder: timers that are due at once fire in the order of their last
// starts, although earlier starts were retracted.
func TestTimerStopsLeaveOrder(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		var order []int
		var timers []*handles.Timer
		start := func(i int) {
			uvtest.Check(t, timers[i].Start(time.Millisecond, 0, func() {
				order = append(order, i)
				uvtest.CloseAll(t, timers[i])
			}))
		}
		for i := range 4 {
			timers = append(timers, uvtest.Must(l.NewTimer()))
			start(i)
		}
		start(1)
		uvtest.Check(t, timers[0].Stop())
		start(0)
		looptest.Run(t, l)
		want := []int{2, 3, 1, 0}
		for i, n := range order {
			if n != want[i] {
				t.Fatalf("fired in the order %v, want %v", order, want)
			}
		}
	})
}

// TestTimersNeedNoCrossing: a timer for each request costs no crossing.
func TestTimersNeedNoCrossing(t *testing.T) {
	l := uvtest.Must(uvgo.New())
	for range 10 {
		for range 100 {
			tm := uvtest.Must(l.NewTimer())
			uvtest.Check(t, tm.Start(time.Hour, 0, func() {}))
			uvtest.Check(t, tm.Close())
		}
		uvtest.Check(t, l.Run(t.Context()))
	}
	if s := l.Stats(); s.Flushes > 30 {
		t.Errorf("a thousand timers: %+v", s)
	}
	uvtest.Check(t, l.Close())
}
