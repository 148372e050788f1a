package libuv

import (
	"errors"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"walk_handles":         kit.PerLoop(testWalkHandles),
		"active":               kit.PerLoop(testActive),
		"loop_update_time":     kit.PerLoop(testLoopUpdateTime),
		"loop_backend_timeout": kit.PerLoop(testLoopBackendTimeout),
		"embed":                kit.PerLoop(testEmbed),
	})
}

func testWalkHandles(t *testing.T, l *uvgo.Loop) {
	walk := func() []uv.Handle { return slices.Collect(l.Walk()) }
	if got := walk(); len(got) != 0 {
		t.Errorf("a fresh loop has %d handles", len(got))
	}
	timer := uvtest.Must(l.NewTimer())
	uvtest.Check(t, timer.Start(time.Millisecond, 0, func() {
		if got := walk(); len(got) != 1 || got[0] != uv.Handle(timer) {
			t.Errorf("walk in the callback yields %v", got)
		}
		timer.Close()
		if got := walk(); len(got) != 1 || !got[0].Closing() {
			t.Errorf("walk over a closing handle yields %v", got)
		}
	}))
	looptest.Run(t, l)
	if got := walk(); len(got) != 0 {
		t.Errorf("closed handles are still there: %v", got)
	}

	// What a walk yields was there when it began; it may be changed meanwhile.
	for range 3 {
		uvtest.Must(l.NewIdle())
	}
	seen := 0
	for h := range l.Walk() {
		seen++
		h.Close()
		uvtest.Must(l.NewPrepare())
	}
	if seen != 3 {
		t.Errorf("a walk over 3 handles that adds handles saw %d", seen)
	}
	for h := range l.Walk() {
		if h.Kind() == uv.KindPrepare {
			h.Close()
		}
	}
	looptest.Run(t, l)
}

func testActive(t *testing.T, l *uvgo.Loop) {
	idle, prepare, chk := uvtest.Must(l.NewIdle()), uvtest.Must(l.NewPrepare()), uvtest.Must(l.NewCheck())
	timer, signal := uvtest.Must(l.NewTimer()), uvtest.Must(l.NewSignal())
	never := uvtest.NewCounter(t, "callbacks", 0)
	for _, h := range []struct {
		uv.Handle
		start, stop func() error
		onClose     func(func())
	}{
		{timer, func() error { return timer.Start(time.Hour, 0, never.Inc) }, timer.Stop, timer.OnClose},
		{idle, func() error { return idle.Start(never.Inc) }, idle.Stop, idle.OnClose},
		{prepare, func() error { return prepare.Start(never.Inc) }, prepare.Stop, prepare.OnClose},
		{chk, func() error { return chk.Start(never.Inc) }, chk.Stop, chk.OnClose},
		{signal, func() error { return signal.Start(kit.SigUsed, kit.IgnoreSignal(never.Inc)) }, signal.Stop, signal.OnClose},
	} {
		is := func(active, closing bool) {
			t.Helper()
			if h.Active() != active || h.Closing() != closing || l.Alive() != (active || closing) {
				t.Errorf("%s: active %t, closing %t, loop alive %t; want %t, %t",
					h.Kind(), h.Active(), h.Closing(), l.Alive(), active, closing)
			}
		}
		is(false, false)
		uvtest.Check(t, h.start())
		is(true, false)
		uvtest.Check(t, h.stop())
		is(false, false)
		uvtest.Check(t, h.start())
		is(true, false)
		h.onClose(uvtest.NewCounter(t, h.Kind().String()+" close callback", 1).Inc)
		uvtest.Check(t, h.Close())
		is(false, true)
		if err := h.start(); !errors.Is(err, uv.EINVAL) {
			t.Errorf("%s: start of a closing handle: %v", h.Kind(), err)
		}
		looptest.Run(t, l)
		if h.Active() || !h.Closing() || l.Alive() {
			t.Errorf("%s: active %t, closing %t, loop alive %t when closed", h.Kind(), h.Active(), h.Closing(), l.Alive())
		}
	}
}

func testLoopUpdateTime(t *testing.T, l *uvgo.Loop) {
	for start := l.Now(); l.Now()-start < 30*time.Millisecond; {
		if looptest.TurnNoWait(t, l) {
			t.Fatal("an empty loop is alive")
		}
	}
	start := l.Now()
	kit.Spin(20 * time.Millisecond)
	if got := l.Now(); got != start {
		t.Errorf("the clock went on by %v without a turn", got-start)
	}
	l.UpdateTime()
	if got := l.Now() - start; got < 10*time.Millisecond { // coarse clocks tick in 4 ms
		t.Errorf("UpdateTime after 20 ms moved the clock by %v", got)
	}
}

func testLoopBackendTimeout(t *testing.T, l *uvgo.Loop) {
	timeout := func(want time.Duration, limited bool, when string) {
		t.Helper()
		if d, ok := l.BackendTimeout(); d != want || ok != limited {
			t.Errorf("%s: timeout %v, limited %t; want %v, %t", when, d, ok, want, limited)
		}
	}
	// A round makes libuv know its own descriptors.
	idle := uvtest.Must(l.NewIdle())
	uvtest.Check(t, idle.Start(func() {}))
	looptest.TurnNoWait(t, l)
	timeout(0, true, "idle handle")
	idle.Close()
	timeout(0, true, "closing handle")
	looptest.Run(t, l)
	timeout(0, true, "dead loop")

	timer := uvtest.Must(l.NewTimer())
	timeout(0, true, "inactive timer")
	uvtest.Check(t, timer.Start(time.Second, 0, func() {}))
	timeout(time.Second, true, "timer of a second")
	uvtest.Check(t, timer.Start(time.Millisecond/2, 0, func() {}))
	timeout(time.Millisecond, true, "timer of half a millisecond")
	uvtest.Check(t, timer.Start(0, 0, func() {}))
	timeout(0, true, "timer that is due")
	looptest.Run(t, l)
	timeout(0, true, "after the timer")
	timer.Close()
	looptest.Run(t, l)

	async := uvtest.Must(l.NewAsync(nil))
	timeout(0, false, "an async alone")
	uvtest.Check(t, async.Send())
	timeout(0, true, "an async that was sent")
	looptest.TurnNoWait(t, l)
	timeout(0, false, "after the send")
	uvtest.Check(t, l.Post(func() {}))
	timeout(0, true, "a posted function")
	looptest.TurnNoWait(t, l)
	async.Close()
}

// pollBackend waits as a foreign event loop would: on the loop's descriptor.
func pollBackend(t *testing.T, l *uvgo.Loop) {
	t.Helper()
	ms := -1
	if d, limited := l.BackendTimeout(); limited {
		ms = int((d + time.Millisecond - 1) / time.Millisecond)
	}
	const never = 30_000
	endless := ms < 0 || ms > never
	if endless {
		ms = never
	}
	fds := []unix.PollFd{{Fd: int32(l.BackendFD()), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, ms)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		uvtest.Check(t, err)
		if n == 0 && endless {
			t.Fatal("nothing made the backend descriptor readable")
		}
		return
	}
}

func testEmbed(t *testing.T, l *uvgo.Loop) {
	const rounds = 100
	ticket, sent := make(chan bool), make(chan error, rounds)
	ticks := uvtest.NewCounter(t, "timer callback", 3)
	calls := 0
	timer := uvtest.Must(l.NewTimer())
	uvtest.Check(t, timer.Start(time.Millisecond, time.Millisecond, func() {
		if ticks.Inc(); ticks.N() == 3 {
			timer.Close()
			ticket <- true
		}
	}))
	var async *handles.Async
	async = uvtest.Must(l.NewAsync(func() {
		if calls++; calls == rounds {
			async.Close()
			close(ticket)
			return
		}
		ticket <- true
	}))
	go func() {
		defer close(sent)
		for range ticket {
			sent <- async.Send()
		}
	}()
	for l.Alive() {
		pollBackend(t, l)
		looptest.TurnNoWait(t, l)
	}
	for err := range sent {
		uvtest.Check(t, err)
	}
	if calls != rounds {
		t.Errorf("the async ran %d times, want %d", calls, rounds)
	}
}
