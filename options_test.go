package uvgo_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

func TestOptionsAreChecked(t *testing.T) {
	before := core.OpenLoops()
	for name, o := range map[string]uvgo.Option{
		"nil":           nil,
		"parking":       uvgo.WithParking(7),
		"slow callback": uvgo.WithSlowCallback(0),
		"no read arena": uvgo.WithArenas(0, 1<<20),
		"tiny arena":    uvgo.WithArenas(1<<20, 64<<10-1),
		"huge arena":    uvgo.WithArenas(1<<30+1, 1<<20),
		"negative":      uvgo.WithArenas(-1, 1<<20),
		"negative poll": uvgo.WithBusyPoll(-1),
		"long poll":     uvgo.WithBusyPoll(time.Millisecond + 1),
	} {
		if _, err := uvgo.New(o); !errors.Is(err, uv.EINVAL) {
			t.Errorf("%s: %v, want EINVAL", name, err)
		}
		if _, err := uvgo.NewGroup(2, o); !errors.Is(err, uv.EINVAL) {
			t.Errorf("%s in a group: %v, want EINVAL", name, err)
		}
	}
	if got := core.OpenLoops(); got != before {
		t.Errorf("%d loops are open, %d before", got, before)
	}
	looptest.New(t, uvgo.WithArenas(64<<10, 1<<30), uvgo.WithSlowCallback(1), uvgo.WithBusyPoll(time.Millisecond))
}

func TestLockedThread(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		threads := make(map[int]bool)
		timer, err := l.NewTimer()
		uvtest.Check(t, err)
		defer timer.Close()
		ticks := 0
		uvtest.Check(t, timer.Start(0, time.Millisecond, func() {
			threads[unix.Gettid()] = true
			done := make(chan bool)
			go func() { // would like this goroutine's thread
				for start := time.Now(); time.Since(start) < 100*time.Microsecond; {
				}
				close(done)
			}()
			<-done
			if ticks++; ticks == 50 {
				timer.Stop()
			}
		}))
		looptest.Run(t, l)
		if len(threads) != 1 {
			t.Errorf("the callbacks ran on %d threads", len(threads))
		}
	}, uvgo.WithLockedThread())
}

func TestStatsCountTurns(t *testing.T) {
	l := open(t)
	if l.Stats().Turns != 0 {
		t.Errorf("a fresh loop has had %d turns", l.Stats().Turns)
	}
	_, err := l.AfterFunc(0, func() {})
	uvtest.Check(t, err)
	if s := l.Stats(); s.Turns != 0 || s.Events != 0 || s.Flushes != 0 || s.Handles[uv.KindTimer] != 1 {
		t.Errorf("making and starting a timer crosses: %+v", s)
	}
	l.Alive() // asks C
	looptest.Run(t, l)
	if s := l.Stats(); s.Turns < 2 || s.Events != 2 || s.Flushes == 0 {
		t.Errorf("a timer and its close: %+v", s)
	}
	before := l.Stats()
	uvtest.Check(t, l.Close())
	after := l.Stats()
	before.Flushes, after.Flushes = 0, 0 // Close crosses
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("a closed loop: -before +after\n%s", diff)
	}
}

func TestVersionAndLinkage(t *testing.T) {
	if v := uvgo.Version(); v < "1.48" {
		t.Errorf("libuv is %s", v)
	}
	if l := uvgo.Linkage(); l != "static" && l != "shared" {
		t.Errorf("linkage %q", l)
	}
}
