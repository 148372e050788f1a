package uvgo_test

import (
	"context"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/cuv/hosttest"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// Two loops in one host do not disturb each other.
func TestTwoLoopsInOneHost(t *testing.T) {
	h, l := adopted(t)
	other, err := uvgo.Adopt(h.Loop())
	uvtest.Check(t, err)
	a := uvtest.NewCounter(t, "first loop's timer", 1)
	b := uvtest.NewCounter(t, "second loop's timer", 1)
	timer(t, l, 2*time.Millisecond, a.Inc)
	timer(t, other, time.Millisecond, b.Inc)
	h.Run(hosttest.Default)
	uvtest.Check(t, other.Shutdown(context.Background()))
}

func TestPanicsOfAnAdoptedLoopReachTheHandler(t *testing.T) {
	var caught []any
	h, l := adopted(t, uvgo.WithPanicHandler(func(p *uv.PanicError) { caught = append(caught, p.Value) }))
	timer(t, l, 0, func() { panic("first") })
	timer(t, l, time.Millisecond, func() { panic("second") })
	h.Run(hosttest.Default)
	if !slices.Equal(caught, []any{"first", "second"}) {
		t.Errorf("caught %v", caught)
	}
}

func init() {
	uvtest.Helper("adopted panic", func() {
		runtime.LockOSThread()
		h, err := hosttest.New()
		if err != nil {
			os.Exit(3)
		}
		l, err := uvgo.Adopt(h.Loop())
		if err != nil {
			os.Exit(3)
		}
		l.Post(func() { panic("nobody catches this") })
		h.Run(hosttest.Default)
	})
}

func TestPanicOfAnAdoptedLoopEndsTheProcess(t *testing.T) {
	out, err := uvtest.Command(t, "adopted panic").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "nobody catches this") {
		t.Errorf("%v: %s", err, out)
	}
}

// A host that closes what is not its own gets no crash.
func TestHostThatClosesOurHandles(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for _, finish := range []bool{false, true} {
		h, err := hosttest.New()
		uvtest.Check(t, err)
		l, err := uvgo.Adopt(h.Loop())
		uvtest.Check(t, err)
		tm := timer(t, l, time.Hour, func() { t.Error("a callback in a host that cut us off") })
		h.Run(hosttest.NoWait)
		if n := h.CloseAll(); n != 3 {
			t.Errorf("the host saw %d handles of ours, want 3", n)
		}
		if finish {
			h.Run(hosttest.Default)
		}
		uvtest.Check(t, tm.Start(0, 0, func() {}))
		l.Stop()
		uvtest.Check(t, l.Shutdown(context.Background()))
		h.Run(hosttest.Default)
		if rc := h.Close(); rc != 0 {
			t.Errorf("uv_loop_close: %v", uv.Errno(rc))
		}
	}
}

// A timer that is stopped before C saw it, in calls of the host between turns,
// takes its start back and nothing else.
func TestTimersOfAnAdoptedLoopAreTakenBack(t *testing.T) {
	h, l := adopted(t)
	never := uvtest.NewCounter(t, "stopped timer", 0)
	fired := uvtest.NewCounter(t, "timer", 20)
	for range 20 {
		h.After(0, func() {
			a, err := l.NewTimer()
			uvtest.Check(t, err)
			uvtest.Check(t, a.Start(0, 0, never.Inc))
			timer(t, l, 0, fired.Inc)
			uvtest.Check(t, a.Stop())
			timer(t, l, 0, func() { uvtest.Check(t, a.Close()) })
		})
	}
	h.Run(hosttest.Default)
	// And in a callback of Go's, whose submissions leave at its turn's end.
	late := uvtest.NewCounter(t, "timer of the second turn", 1)
	var a *handles.Timer
	uvtest.Check(t, l.Post(func() {
		timer(t, l, 60*time.Millisecond, func() {
			late.Inc()
			uvtest.Check(t, a.Close())
		})
		var err error
		a, err = l.NewTimer()
		uvtest.Check(t, err)
		uvtest.Check(t, a.Start(20*time.Millisecond, 0, never.Inc))
		h.After(0, func() { uvtest.Check(t, a.Stop()) }) // nothing was submitted since
	}))
	h.After(time.Millisecond, func() {}) // a post alone does not keep the host
	h.Run(hosttest.Default)
}
