package hostile

import (
	"context"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

// An endable is any handle.
type endable interface {
	Close() error
	Closing() bool
	OnClose(fn func())
}

// A mortal is a handle that will be closed in a callback. It holds the handle
// to its contract: after Close only requests call back, and after the close
// callback nothing does.
type mortal struct {
	t             testing.TB
	h             endable
	calls, closed int
	gone          func() // part of the close callback; nil for nothing
}

// watch makes a mortal of a handle that is to be closed, in one of its
// callbacks, before the test ends.
func watch(t testing.TB, h endable) *mortal {
	m := &mortal{t: t, h: h}
	closes := uvtest.NewCounter(t, "close callback", 1)
	h.OnClose(func() {
		m.closed++
		closes.Inc()
		if err := h.Close(); err != nil {
			t.Errorf("Close in the close callback: %v", err)
		}
		if m.gone != nil {
			m.gone()
		}
	})
	return m
}

// event begins a callback that must not come after Close.
func (m *mortal) event() {
	if m.calls++; m.h.Closing() {
		m.t.Error("a callback after Close")
	}
}

// request begins the callback of a request.
func (m *mortal) request() {
	if m.calls++; m.closed != 0 {
		m.t.Error("a callback after the close callback")
	}
}

// close closes, twice.
func (m *mortal) close() {
	for range 2 {
		if err := m.h.Close(); err != nil {
			m.t.Errorf("Close: %v", err)
		}
	}
	if !m.h.Closing() {
		m.t.Error("not closing after Close")
	}
}

// die is a whole callback: an event that closes.
func (m *mortal) die() {
	m.event()
	m.close()
}

// ends runs the loop to its end; each mortal was called this often.
func ends(t testing.TB, l *uvgo.Loop, calls int, ms ...*mortal) {
	t.Helper()
	uvtest.Check(t, l.Run(context.Background()))
	for i, m := range ms {
		if m.calls != calls || m.closed != 1 {
			t.Errorf("handle %d: %d callbacks and %d close callbacks, want %d and 1", i, m.calls, m.closed, calls)
		}
	}
}

// TestHostileCloseInside closes handles in their own callbacks, two of each so
// that one closes while the other's event is in the same batch.
func TestHostileCloseInside(t *testing.T) {
	t.Run("timer", kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
		a, b := uvtest.Must(l.NewTimer()), uvtest.Must(l.NewTimer())
		ma, mb := watch(t, a), watch(t, b)
		uvtest.Check(t, a.Start(0, time.Millisecond, ma.die))
		uvtest.Check(t, b.Start(time.Millisecond, 0, mb.die))
		ends(t, l, 1, ma, mb)
	}))
	t.Run("timer by timer", kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
		a, b := uvtest.Must(l.NewTimer()), uvtest.Must(l.NewTimer())
		ma, mb := watch(t, a), watch(t, b)
		uvtest.Check(t, a.Start(time.Millisecond, time.Millisecond, func() { ma.die(); mb.close() }))
		uvtest.Check(t, b.Start(time.Millisecond, time.Millisecond, mb.event))
		ends(t, l, 1, ma)
		if mb.calls != 0 || mb.closed != 1 {
			t.Errorf("a timer that another closed: %d callbacks, %d close callbacks", mb.calls, mb.closed)
		}
	}))
	t.Run("async", kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
		var ms [2]*mortal
		for i := range ms {
			a := uvtest.Must(l.NewAsync(func() { ms[i].die() }))
			ms[i] = watch(t, a)
			for range 3 {
				uvtest.Check(t, a.Send())
			}
		}
		ends(t, l, 1, ms[:]...)
	}))
	phases := map[string]func(l *uvgo.Loop) (endable, func(func()) error){
		"idle": func(l *uvgo.Loop) (endable, func(func()) error) {
			h := uvtest.Must(l.NewIdle())
			return h, h.Start
		},
		"prepare": func(l *uvgo.Loop) (endable, func(func()) error) {
			h := uvtest.Must(l.NewPrepare())
			return h, h.Start
		},
		"check": func(l *uvgo.Loop) (endable, func(func()) error) {
			h := uvtest.Must(l.NewCheck())
			return h, h.Start
		},
	}
	for name, make := range phases {
		t.Run(name, kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
			a, startA := make(l)
			b, startB := make(l)
			ma, mb := watch(t, a), watch(t, b)
			uvtest.Check(t, startA(ma.die))
			uvtest.Check(t, startB(mb.die))
			uvtest.Must(l.AfterFunc(time.Millisecond, func() {})) // something to turn for
			ends(t, l, 1, ma, mb)
		}))
		t.Run(name+" by its neighbour", kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
			a, startA := make(l)
			b, startB := make(l)
			ma, mb := watch(t, a), watch(t, b)
			both := func() { ma.close(); mb.close() }
			first := ""
			uvtest.Check(t, startA(func() { ma.event(); first += "a"; both() }))
			uvtest.Check(t, startB(func() { mb.event(); first += "b"; both() }))
			uvtest.Must(l.AfterFunc(time.Millisecond, func() {}))
			uvtest.Check(t, l.Run(context.Background()))
			if len(first) != 1 || ma.closed != 1 || mb.closed != 1 {
				t.Errorf("callbacks of %q, close callbacks %d and %d, want one of each", first, ma.closed, mb.closed)
			}
		}))
	}
	t.Run("signal", kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
		a, b := uvtest.Must(l.NewSignal()), uvtest.Must(l.NewSignal())
		ma, mb := watch(t, a), watch(t, b)
		uvtest.Check(t, a.Start(kit.SigUsed, func(os.Signal) { ma.die() }))
		uvtest.Check(t, b.StartOneshot(kit.SigUsed, func(os.Signal) { mb.die() }))
		for range 3 {
			kit.Raise(kit.SigUsed)
		}
		ends(t, l, 1, ma, mb)
	}))
	t.Run("poll", kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
		var fds [2]int
		uvtest.Check(t, unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK))
		defer unix.Close(fds[0])
		defer unix.Close(fds[1])
		uvtest.Must(unix.Write(fds[1], []byte("x")))
		p := uvtest.Must(l.NewPoll(uintptr(fds[0])))
		m := watch(t, p)
		uvtest.Check(t, p.Start(handles.Readable, func(handles.PollEvent, error) { m.die() }))
		ends(t, l, 1, m)
	}))
	t.Run("posted function", kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
		tm := uvtest.Must(l.NewTimer())
		m := watch(t, tm)
		uvtest.Check(t, tm.Start(0, time.Millisecond, m.event))
		uvtest.Check(t, l.Post(func() {
			m.close()
			uvtest.Check(t, l.Post(m.close))
		}))
		uvtest.Check(t, l.Run(context.Background()))
	}))
	t.Run("close", kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
		a, b := uvtest.Must(l.NewTimer()), uvtest.Must(l.NewTCP())
		mb := watch(t, b)
		closed := uvtest.NewCounter(t, "close callback", 1)
		a.OnClose(func() {
			closed.Inc()
			uvtest.Check(t, a.Close())
			mb.close()
			uvtest.IsErr(t, "Start after Close", a.Start(0, 0, func() {}), uv.ErrClosed)
		})
		uvtest.Check(t, a.Close())
		ends(t, l, 0, mb)
	}))
}
