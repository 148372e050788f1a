package libuv

import (
	"errors"
	"slices"
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
		"close_order":          kit.PerLoop(testCloseOrder),
		"run_once":             kit.PerLoop(testRunOnce),
		"run_nowait":           kit.PerLoop(testRunNoWait),
		"loop_alive":           kit.PerLoop(testLoopAlive),
		"loop_close":           kit.PerLoop(testLoopClose),
		"loop_stop":            kit.PerLoop(testLoopStop),
		"loop_stop_before_run": kit.PerLoop(testLoopStopBeforeRun),
		"default_loop_close":   kit.PerParking(testDefaultLoopClose),
	})
}

func testCloseOrder(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	c, due, far := uvtest.Must(l.NewCheck()), uvtest.Must(l.NewTimer()), uvtest.Must(l.NewTimer())
	c.OnClose(order.Note("closed check"))
	due.OnClose(order.Note("closed due"))
	far.OnClose(order.Note("closed far"))
	uvtest.Check(t, c.Start(func() {
		order.Add("check")
		c.Close()
		far.Close()
	}))
	uvtest.Check(t, due.Start(0, 0, func() {
		order.Add("timer")
		due.Close()
	}))
	uvtest.Check(t, far.Start(time.Hour, 0, order.Note("far")))
	looptest.Run(t, l)
	if len(order.Lines) == 5 {
		slices.Sort(order.Lines[2:]) // how they follow each other is libuv's affair
	}
	order.Want(t, "timer", "check", "closed check", "closed due", "closed far")

	// A turn by itself checks first: its timers come after its poll.
	c, due = uvtest.Must(l.NewCheck()), uvtest.Must(l.NewTimer())
	c.OnClose(order.Note("closed"))
	uvtest.Check(t, due.Start(0, 0, order.Note("timer")))
	uvtest.Check(t, c.Start(order.Note("check")))
	looptest.TurnOnce(t, l)
	order.Want(t, "check", "timer")
	c.Close()
	due.Close()
	order.Want(t) // Close only starts closing
	looptest.TurnOnce(t, l)
	order.Want(t, "closed")
}

func testRunOnce(t *testing.T, l *uvgo.Loop) {
	const rounds = 64
	idle := uvtest.Must(l.NewIdle())
	defer idle.Close()
	ran := 0
	uvtest.Check(t, idle.Start(func() {
		if ran++; ran == rounds {
			idle.Stop()
		}
	}))
	for i := 1; i <= rounds; i++ {
		if alive := looptest.TurnOnce(t, l); alive != (i < rounds) || ran != i {
			t.Fatalf("round %d: alive %t after %d callbacks", i, alive, ran)
		}
	}
	if looptest.TurnOnce(t, l) || ran != rounds {
		t.Errorf("a turn of a dead loop ran the callback, %d in all", ran)
	}
}

func testRunNoWait(t *testing.T, l *uvgo.Loop) {
	timer := uvtest.Must(l.NewTimer())
	defer timer.Close()
	ran := uvtest.NewCounter(t, "timer of an hour", 0)
	uvtest.Check(t, timer.Start(time.Hour, time.Hour, ran.Inc))
	for range 3 {
		if !looptest.TurnNoWait(t, l) {
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
	timer := uvtest.Must(l.NewTimer())
	alive(false, "with an inactive timer")
	uvtest.Check(t, timer.Start(time.Millisecond, 0, func() {}))
	alive(true, "with an active timer")
	looptest.Run(t, l)
	alive(false, "after the timer")

	timer.Close()
	alive(true, "with a closing handle")
	looptest.Run(t, l)
	alive(false, "after the close callback")

	uvtest.Check(t, l.Post(func() { alive(false, "in the last posted function") }))
	alive(true, "with a posted function")
	looptest.Run(t, l)

	// A request counts although its handle does not.
	conn := uvtest.Must(l.NewTCP())
	conn.Unref()
	alive(false, "with an unreferenced handle")
	connected := uvtest.NewCounter(t, "connect callback", 1)
	uvtest.Check(t, conn.Connect(kit.ListenTCP(t), func(err error) {
		uvtest.Check(t, err)
		connected.Inc()
	}))
	alive(true, "with a pending request")
	looptest.Run(t, l)
	alive(false, "after the request")
	conn.Close()
}

func testLoopClose(t *testing.T, l *uvgo.Loop) {
	timer := uvtest.Must(l.NewTimer())
	busy := func(when string) {
		t.Helper()
		if err := l.Close(); !errors.Is(err, uv.EBUSY) {
			t.Errorf("%s: Close() = %v, want EBUSY", when, err)
		}
	}
	busy("inactive handle")
	ran := uvtest.NewCounter(t, "timer callback", 1)
	uvtest.Check(t, timer.Start(time.Millisecond, time.Millisecond, func() {
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
	uvtest.Check(t, l.Post(func() {}))
	busy("posted function")
	looptest.Run(t, l)
	uvtest.Check(t, l.Close())
	if _, err := l.NewTimer(); !errors.Is(err, uv.ErrClosed) {
		t.Errorf("a handle on a closed loop: %v", err)
	}
}

func testLoopStop(t *testing.T, l *uvgo.Loop) {
	const rounds = 10
	prepare, timer := uvtest.Must(l.NewPrepare()), uvtest.Must(l.NewTimer())
	defer prepare.Close()
	defer timer.Close()
	prepares, timers := 0, 0
	uvtest.Check(t, prepare.Start(func() { prepares++ }))
	uvtest.Check(t, timer.Start(2*time.Millisecond, 2*time.Millisecond, func() {
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
	if !looptest.TurnNoWait(t, l) || prepares != before+1 {
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
	var order kit.Journal
	uvtest.Check(t, l.Post(func() {
		order.Add("first")
		l.Stop()
		uvtest.Check(t, l.Post(order.Note("third")))
	}))
	uvtest.Check(t, l.Post(order.Note("second")))
	looptest.Run(t, l)
	order.Want(t, "first", "second")
	looptest.Run(t, l)
	order.Want(t, "third")

	// From another goroutine it ends the wait.
	uvtest.Check(t, timer.Start(time.Hour, 0, order.Note("timer of an hour")))
	uvtest.Check(t, l.Post(func() { go l.Stop() }))
	looptest.Run(t, l)
	order.Want(t)
}

func testLoopStopBeforeRun(t *testing.T, l *uvgo.Loop) {
	timer, idle, prepare := uvtest.Must(l.NewTimer()), uvtest.Must(l.NewIdle()), uvtest.Must(l.NewPrepare())
	ran := 0
	uvtest.Check(t, timer.Start(0, 0, func() { ran++ }))
	uvtest.Check(t, idle.Start(func() { ran++ }))
	uvtest.Check(t, prepare.Start(func() { ran++ }))
	uvtest.Check(t, l.Post(func() { ran++ }))
	for name, run := range map[string]func(){
		"Run":       func() { looptest.Run(t, l) },
		"RunOnce":   func() { looptest.TurnOnce(t, l) },
		"RunNoWait": func() { looptest.TurnNoWait(t, l) },
	} {
		l.Stop()
		if run(); ran != 0 || !l.Alive() {
			t.Fatalf("%s of a stopped loop ran %d callbacks, alive %t", name, ran, l.Alive())
		}
	}
	if looptest.TurnOnce(t, l); ran != 4 { // the flag is cleared
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
		timer := uvtest.Must(l.NewTimer())
		uvtest.Check(t, timer.Start(time.Millisecond, 0, func() {
			ran.Inc()
			timer.Close()
		}))
		looptest.Run(t, l)
		uvtest.Check(t, l.Close())
		if last == l {
			t.Error("the closed loop came back")
		}
		last = l
	}
	if err := last.Run(t.Context()); !errors.Is(err, uv.ErrClosed) {
		t.Errorf("Run of a closed loop: %v", err)
	}
}
