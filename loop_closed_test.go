package uvgo_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// TestClosedLoop calls everything that a closed loop still answers. Its memory is
// gone: AddressSanitizer sees who looks there.
func TestClosedLoop(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		now := l.Now()
		uvtest.Check(t, l.Close())
		uvtest.Check(t, l.Close())
		l.UpdateTime()
		if got := l.Now(); got != now {
			t.Errorf("the clock moved from %v to %v", now, got)
		}
		if l.Alive() || core.Of(l).Waiting() || core.Of(l).Busy() {
			t.Error("there is work left")
		}
		if fd := l.BackendFD(); fd != -1 {
			t.Errorf("the backend descriptor is %d", fd)
		}
		if d, limited := l.BackendTimeout(); d != 0 || !limited {
			t.Errorf("a turn may wait for %v, limited: %t", d, limited)
		}
		if s := l.Stats(); s.Turns != 0 || s.OpenHandles() != 0 || l.IdleTime() != 0 {
			t.Errorf("%d turns, %d handles, idle for %v", s.Turns, s.OpenHandles(), l.IdleTime())
		}
		for h := range l.Walk() {
			t.Errorf("a %s handle", h.Kind())
		}
		uvtest.Check(t, l.WriteHandles(io.Discard, false))
		l.Stop()
		core.Of(l).Wake()
		l.Hold()
		l.Drop()
		_, metrics := l.Metrics()
		_, once := l.RunOnce()
		_, noWait := l.RunNoWait()
		_, timer := l.NewTimer()
		_, tcp := l.NewTCP()
		for call, err := range map[string]error{
			"Run": l.Run(context.Background()), "RunOnce": once, "RunNoWait": noWait, "Metrics": metrics,
			"Configure": l.Configure(uv.MetricsIdleTime), "Post": l.Post(func() {}), "NewTimer": timer, "NewTCP": tcp,
		} {
			if !errors.Is(err, uv.ErrClosed) {
				t.Errorf("%s: %v", call, err)
			}
		}
		uvtest.Check(t, l.Shutdown(context.Background()))
	})
}

// TestGroupWithAClosedLoop fails instead of running the others for good.
func TestGroupWithAClosedLoop(t *testing.T) {
	g, err := uvgo.NewGroup(2)
	uvtest.Check(t, err)
	uvtest.Check(t, g.Loops()[1].Close())
	if err := g.Run(context.Background()); !errors.Is(err, uv.ErrClosed) {
		t.Errorf("Run: %v", err)
	}
	uvtest.Check(t, g.Shutdown(context.Background()))
}

// TestCloseRacesWithRun: who comes second is refused, whichever it is.
func TestCloseRacesWithRun(t *testing.T) {
	for range 200 {
		l, err := uvgo.New()
		uvtest.Check(t, err)
		var both sync.WaitGroup
		both.Go(func() {
			if err := l.Run(context.Background()); err != nil && !errors.Is(err, uv.ErrClosed) && !errors.Is(err, uv.ErrRunning) {
				t.Errorf("Run: %v", err)
			}
		})
		both.Go(func() {
			if err := l.Close(); err != nil && !errors.Is(err, uv.ErrRunning) {
				t.Errorf("Close: %v", err)
			}
		})
		both.Wait()
		uvtest.Check(t, l.Close())
	}
}

// TestStopEndsARunThatPanicked, and not the next one as well.
func TestStopEndsARunThatPanicked(t *testing.T) {
	l := looptest.New(t)
	ran := 0
	uvtest.Check(t, l.Post(func() {
		l.Stop()
		panic("on purpose")
	}))
	uvtest.Check(t, l.Post(func() { ran++ }))
	var p *uv.PanicError
	if err := l.Run(context.Background()); !errors.As(err, &p) {
		t.Errorf("Run: %v", err)
	}
	if err := l.Run(context.Background()); err != nil || ran != 1 {
		t.Errorf("the next Run: %v, %d functions ran", err, ran)
	}
}

// TestDropWithoutHold does nothing: neither may the loop end early nor fail to close.
func TestDropWithoutHold(t *testing.T) {
	l := looptest.New(t)
	l.Drop()
	l.Hold()
	if !l.Alive() {
		t.Error("a Drop before it takes a Hold away")
	}
	l.Drop()
	l.Drop()
	uvtest.Check(t, l.Close())
}
