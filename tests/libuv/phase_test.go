package libuv

import (
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

func init() {
	suite.Add(kit.Suite{
		"loop_handles":    kit.PerLoop(testLoopHandles),
		"idle_starvation": kit.PerLoop(testIdleStarvation),
		"idle_check":      kit.PerLoop(testIdleCheck),
	})
}

// testLoopHandles takes idle, prepare and check handles through rounds in which
// they start, stop and close each other.
func testLoopHandles(t *testing.T, l *uvgo.Loop) {
	const idles, rounds = 7, 21
	round := 0
	prepares := uvtest.NewCounter(t, "prepare callback of every round", rounds)
	odd := uvtest.NewCounter(t, "prepare callback of every other round", rounds/2)
	checks := uvtest.NewCounter(t, "check callback", rounds)
	busy := uvtest.NewCounterAtLeast(t, "callbacks of the idles", rounds)
	closed := uvtest.NewCounter(t, "close callback", 3+idles)

	always, other, chk := uvtest.Must(l.NewPrepare()), uvtest.Must(l.NewPrepare()), uvtest.Must(l.NewCheck())
	uvtest.Check(t, always.Start(func() {
		if round%2 == 0 {
			uvtest.Check(t, other.Start(func() {
				if round%2 == 0 {
					t.Errorf("round %d: a prepare handle ran in the round that started it", round)
				}
				odd.Inc()
				uvtest.Check(t, other.Stop())
			}))
		}
		prepares.Inc()
		round++
	}))

	// The idles of a round open one that closes itself when it first runs.
	var brief *handles.Idle
	opened, gone := 0, 0
	open := func() {
		since := round
		brief = uvtest.Must(l.NewIdle())
		opened++
		brief.OnClose(func() {
			gone++
			brief = nil
		})
		uvtest.Check(t, brief.Start(func() {
			if round == since {
				t.Errorf("round %d: an idle handle ran in the round that started it", round)
			}
			if brief.Closing() {
				t.Error("a closing idle handle ran")
			}
			brief.Close()
		}))
	}
	var many [idles]*handles.Idle
	for i := range many {
		many[i] = uvtest.Must(l.NewIdle())
	}
	start := func(h *handles.Idle) {
		uvtest.Check(t, h.Start(func() {
			if brief == nil {
				open()
			}
			if busy.Inc(); busy.N()%5 == 0 {
				uvtest.Check(t, h.Stop())
			}
		}))
	}
	uvtest.Check(t, chk.Start(func() {
		checks.Inc()
		if round < rounds {
			for _, h := range many[:1+round%idles] {
				start(h)
			}
			return
		}
		for _, h := range []interface {
			OnClose(func())
			Close() error
		}{always, other, chk, many[0], many[1], many[2], many[3], many[4], many[5], many[6]} {
			h.OnClose(closed.Inc)
			h.Close()
		}
		if brief != nil {
			brief.Close()
		}
	}))

	// It keeps the loop polling without keeping it alive.
	tick := uvtest.Must(l.NewTimer())
	uvtest.Check(t, tick.Start(5*time.Millisecond, 5*time.Millisecond, func() {}))
	tick.Unref()
	looptest.Run(t, l)
	tick.Close()
	if opened != gone || gone == 0 {
		t.Errorf("%d brief idles were opened, %d closed", opened, gone)
	}
}

func testIdleStarvation(t *testing.T, l *uvgo.Loop) {
	idle, chk, timer := uvtest.Must(l.NewIdle()), uvtest.Must(l.NewCheck()), uvtest.Must(l.NewTimer())
	idles := uvtest.NewCounterAtLeast(t, "idle callback", 2)
	checks := uvtest.NewCounterAtLeast(t, "check callback", 1)
	timers := uvtest.NewCounter(t, "timer callback", 1)
	closed := uvtest.NewCounter(t, "close callback", 3)
	due := func() {
		timers.Inc()
		for _, h := range []interface {
			OnClose(func())
			Close() error
		}{idle, chk, timer} {
			h.OnClose(closed.Inc)
			h.Close()
		}
	}
	uvtest.Check(t, idle.Start(func() {
		if idles.Inc(); idles.N() == 2 { // not before: Run begins with timers that are due
			uvtest.Check(t, timer.Start(20*time.Millisecond, 0, due))
		}
	}))
	uvtest.Check(t, chk.Start(checks.Inc))
	looptest.Run(t, l)
}

func testIdleCheck(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	idle, chk := uvtest.Must(l.NewIdle()), uvtest.Must(l.NewCheck())
	uvtest.Check(t, idle.Start(func() {
		order.Add("idle")
		idle.Stop()
	}))
	uvtest.Check(t, chk.Start(order.Note("check")))
	if !looptest.TurnOnce(t, l) { // does not block: idle was active when it began
		t.Error("not alive with an active check")
	}
	order.Want(t, "idle", "check")
	idle.OnClose(order.Note("closed idle"))
	chk.OnClose(order.Note("closed check"))
	idle.Close()
	chk.Close()
	if looptest.TurnOnce(t, l) {
		t.Error("alive after the last handle")
	}
	order.WantSet(t, "closed check", "closed idle")
}
