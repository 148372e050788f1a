package tests

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	libuvTests.add(suite{
		"close_order":          onEachLoop(testCloseOrder),
		"run_once":             onEachLoop(testRunOnce),
		"run_nowait":           onEachLoop(testRunNoWait),
		"loop_alive":           onEachLoop(testLoopAlive),
		"loop_close":           onEachLoop(testLoopClose),
		"loop_stop":            onEachLoop(testLoopStop),
		"loop_stop_before_run": onEachLoop(testLoopStopBeforeRun),
		"default_loop_close":   eachParking(testDefaultLoopClose),
	})
}

func testCloseOrder(t *testing.T, l *uvgo.Loop) {
	var order journal
	c, due, far := must(l.NewCheck()), must(l.NewTimer()), must(l.NewTimer())
	c.OnClose(order.note("closed check"))
	due.OnClose(order.note("closed due"))
	far.OnClose(order.note("closed far"))
	check(t, c.Start(func() {
		order.add("check")
		c.Close()
		far.Close()
	}))
	check(t, due.Start(0, 0, func() {
		order.add("timer")
		due.Close()
	}))
	check(t, far.Start(time.Hour, 0, order.note("far")))
	looptest.Run(t, l)
	if len(order.lines) == 5 {
		slices.Sort(order.lines[2:]) // how they follow each other is libuv's affair
	}
	order.want(t, "timer", "check", "closed check", "closed due", "closed far")

	// A turn by itself checks first: its timers come after its poll.
	c, due = must(l.NewCheck()), must(l.NewTimer())
	c.OnClose(order.note("closed"))
	check(t, due.Start(0, 0, order.note("timer")))
	check(t, c.Start(order.note("check")))
	turnOnce(t, l)
	order.want(t, "check", "timer")
	c.Close()
	due.Close()
	order.want(t) // Close only starts closing
	turnOnce(t, l)
	order.want(t, "closed")
}

func testRunOnce(t *testing.T, l *uvgo.Loop) {
	const rounds = 64
	idle := must(l.NewIdle())
	defer idle.Close()
	ran := 0
	check(t, idle.Start(func() {
		if ran++; ran == rounds {
			idle.Stop()
		}
	}))
	for i := 1; i <= rounds; i++ {
		if alive := turnOnce(t, l); alive != (i < rounds) || ran != i {
			t.Fatalf("round %d: alive %t after %d callbacks", i, alive, ran)
		}
	}
	if turnOnce(t, l) || ran != rounds {
		t.Errorf("a turn of a dead loop ran the callback, %d in all", ran)
	}
}

func testRunNoWait(t *testing.T, l *uvgo.Loop) {
	timer := must(l.NewTimer())
	defer timer.Close()
	ran := uvtest.NewCounter(t, "timer of an hour", 0)
	check(t, timer.Start(time.Hour, time.Hour, ran.Inc))
	for range 3 {
		if !turnNoWait(t, l) {
			t.Error("the loop is not alive with an active timer")
		}
	}
}

func testLoopAlive(t *testing.T, l *uvgo.Loop) {
	alive := func(want bool, when string) {
		t.Helper()
		if got := l.Alive(); got != want {
			t.Errorf("%s: Alive() = %t", when, got)
		}
	}
	alive(false, "fresh")
	timer := must(l.NewTimer())
	alive(false, "with an inactive timer")
	check(t, timer.Start(time.Millisecond, 0, func() {}))
	alive(true, "with an active timer")
	looptest.Run(t, l)
	alive(false, "after the timer")

	timer.Close()
	alive(true, "with a closing handle")
	looptest.Run(t, l)
	alive(false, "after the close callback")

	check(t, l.Post(func() { alive(false, "in the last posted function") }))
	alive(true, "with a posted function")
	looptest.Run(t, l)

	// A request counts although its handle does not.
	conn := must(l.NewTCP())
	conn.Unref()
	alive(false, "with an unreferenced handle")
	connected := uvtest.NewCounter(t, "connect callback", 1)
	check(t, conn.Connect(listenTCP(t), func(err error) {
		check(t, err)
		connected.Inc()
	}))
	alive(true, "with a pending request")
	looptest.Run(t, l)
	alive(false, "after the request")
	conn.Close()
}

func testLoopClose(t *testing.T, l *uvgo.Loop) {
	timer := must(l.NewTimer())
	busy := func(when string) {
		t.Helper()
		if err := l.Close(); !errors.Is(err, uv.EBUSY) {
			t.Errorf("%s: Close() = %v, want EBUSY", when, err)
		}
	}
	busy("inactive handle")
	ran := uvtest.NewCounter(t, "timer callback", 1)
	check(t, timer.Start(time.Millisecond, time.Millisecond, func() {
		ran.Inc()
		l.Stop()
	}))
	busy("active handle")
	looptest.Run(t, l)
	busy("after Run")
	closed := uvtest.NewCounter(t, "close callback", 1)
	timer.OnClose(closed.Inc)
	timer.Close()
	busy("closing handle")
	looptest.Run(t, l)
	check(t, l.Post(func() {}))
	busy("posted function")
	looptest.Run(t, l)
	check(t, l.Close())
	if _, err := l.NewTimer(); !errors.Is(err, uv.ErrClosed) {
		t.Errorf("a handle on a closed loop: %v", err)
	}
}

func testLoopStop(t *testing.T, l *uvgo.Loop) {
	const rounds = 10
	prepare, timer := must(l.NewPrepare()), must(l.NewTimer())
	defer prepare.Close()
	defer timer.Close()
	prepares, timers := 0, 0
	check(t, prepare.Start(func() { prepares++ }))
	check(t, timer.Start(2*time.Millisecond, 2*time.Millisecond, func() {
		switch timers++; timers {
		case 1:
			l.Stop()
		case rounds:
			timer.Stop()
			prepare.Stop()
		}
	}))
	looptest.Run(t, l)
	if timers != 1 || !l.Alive() {
		t.Fatalf("stopped after %d timers, alive %t", timers, l.Alive())
	}
	before := prepares
	if !turnNoWait(t, l) || prepares != before+1 {
		t.Fatalf("a turn after Stop ran %d prepare callbacks", prepares-before)
	}
	// How many turns that takes depends on when the timer is found due: Run looks
	// before its first one, too.
	before = prepares
	looptest.Run(t, l)
	if timers != rounds || prepares == before || l.Alive() {
		t.Errorf("%d timers and %d prepares after resuming, want %d timers", timers, prepares-before, rounds)
	}

	// The batch at hand is finished, what it posts is not begun.
	var order journal
	check(t, l.Post(func() {
		order.add("first")
		l.Stop()
		check(t, l.Post(order.note("third")))
	}))
	check(t, l.Post(order.note("second")))
	looptest.Run(t, l)
	order.want(t, "first", "second")
	looptest.Run(t, l)
	order.want(t, "third")

	// From another goroutine it ends the wait.
	check(t, timer.Start(time.Hour, 0, order.note("timer of an hour")))
	check(t, l.Post(func() { go l.Stop() }))
	looptest.Run(t, l)
	order.want(t)
}

func testLoopStopBeforeRun(t *testing.T, l *uvgo.Loop) {
	timer, idle, prepare := must(l.NewTimer()), must(l.NewIdle()), must(l.NewPrepare())
	ran := 0
	check(t, timer.Start(0, 0, func() { ran++ }))
	check(t, idle.Start(func() { ran++ }))
	check(t, prepare.Start(func() { ran++ }))
	check(t, l.Post(func() { ran++ }))
	for name, run := range map[string]func(){
		"Run":       func() { looptest.Run(t, l) },
		"RunOnce":   func() { turnOnce(t, l) },
		"RunNoWait": func() { turnNoWait(t, l) },
	} {
		l.Stop()
		if run(); ran != 0 || !l.Alive() {
			t.Fatalf("%s of a stopped loop ran %d callbacks, alive %t", name, ran, l.Alive())
		}
	}
	if turnOnce(t, l); ran != 4 { // the flag is cleared
		t.Errorf("the run after it ran %d callbacks, want 4", ran)
	}
	timer.Close()
	idle.Close()
	prepare.Close()
}

func testDefaultLoopClose(t *testing.T, park uvgo.Option) {
	ran := uvtest.NewCounter(t, "timer callback", 2)
	var last *uvgo.Loop
	for range 2 {
		l := looptest.New(t, park)
		timer := must(l.NewTimer())
		check(t, timer.Start(time.Millisecond, 0, func() {
			ran.Inc()
			timer.Close()
		}))
		looptest.Run(t, l)
		check(t, l.Close())
		if last == l {
			t.Error("the closed loop came back")
		}
		last = l
	}
	if err := last.Run(t.Context()); !errors.Is(err, uv.ErrClosed) {
		t.Errorf("Run of a closed loop: %v", err)
	}
}
