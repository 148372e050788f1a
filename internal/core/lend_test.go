package core

import (
	"runtime"
	"testing"

	"github.com/uvgo/uvgo/uv"
)

// lentFunc is a function for Lend.
type lentFunc func()

func (f lentFunc) RunLent() { f() }

// lendTo is Lend of a closure.
func lendTo(c *Core, f func()) (slow bool) { return c.Lend(lentFunc(f)) }

// run posts fn and runs the loop until its work is done.
func runPosted(t testing.TB, c *Core, fn func()) {
	t.Helper()
	if err := c.Post(fn); err != nil {
		t.Fatal(err)
	}
	if err := c.Begin("test"); err != nil {
		t.Fatal(err)
	}
	defer c.End()
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
}

// TestLendQuick: functions that are quick stay on the loop, and nobody takes it from them.
func TestLendQuick(t *testing.T) {
	for _, cfg := range []Config{{}, {ParkOnGo: true}, {Debug: true}} {
		c := newCore(t, cfg)
		n := 0
		runPosted(t, c, func() {
			for range 10_000 {
				lendTo(c, func() { n++ })
			}
			if !c.owner.isSelf() {
				t.Error("the loop is not the callback's again")
			}
		})
		if n != 10_000 {
			t.Errorf("%d calls", n)
		}
		// A machine that stands still for a millisecond makes a call look slow.
		if takes := c.baton.takes.Load(); takes > 10 {
			t.Errorf("the loop was taken from %d quick functions", takes)
		}
	}
}

// TestLendSlow: a function that turns slow is overtaken by other callbacks, and has the loop
// again behind it.
func TestLendSlow(t *testing.T) {
	for _, cfg := range []Config{{}, {ParkOnGo: true}, {Debug: true}} {
		c := newCore(t, cfg)
		order := ""
		runPosted(t, c, func() {
			for range 100 {
				lendTo(c, func() {})
			}
			overtaken := make(chan struct{})
			_ = c.Post(func() { order += "other "; close(overtaken) })
			lendTo(c, func() { <-overtaken })
			order += "slow "
			_ = c.Post(func() { order += "later" })
			if !c.owner.isSelf() {
				t.Error("the loop is not the callback's again")
			}
		})
		if order != "other slow later" {
			t.Errorf("order %q", order)
		}
		if c.baton.takes.Load() == 0 {
			t.Error("the loop was never taken")
		}
	}
}

// TestLendsAtOnce: many slow functions, whose callbacks run in each other's time.
func TestLendsAtOnce(t *testing.T) {
	c := newCore(t, Config{ParkOnGo: true})
	const n = 50
	release := make(chan struct{})
	inside, returned := 0, 0
	for range n {
		_ = c.Post(func() {
			inside++
			lendTo(c, func() { <-release })
			returned++
		})
	}
	runPosted(t, c, func() {
		if inside != n {
			t.Errorf("%d functions are lent the loop", inside)
		}
		close(release)
	})
	if returned != n {
		t.Errorf("%d callbacks returned", returned)
	}
}

// TestBlockInLend: a function of Lend that knows that it blocks gives the loop away at once.
func TestBlockInLend(t *testing.T) {
	c := newCore(t, Config{})
	happened := false
	runPosted(t, c, func() {
		lendTo(c, func() {
			for range 3 {
				done := make(chan struct{})
				_ = c.Post(func() { happened = true; close(done) })
				if err := c.Block("block", func() { <-done }); err != nil {
					t.Error(err)
				}
			}
		})
		if !happened || !c.owner.isSelf() {
			t.Error("the loop is not the callback's again")
		}
	})
}

// TestLendPanics: a panic of the function is the callback's, slow or not.
func TestLendPanics(t *testing.T) {
	for _, slow := range []bool{false, true} {
		c := newCore(t, Config{})
		runPosted(t, c, func() {
			defer func() {
				if p, ok := recover().(*uv.PanicError); !ok || p.Value != "fn" {
					t.Errorf("recovered %v", p)
				}
				if !c.owner.isSelf() {
					t.Error("the loop is not the callback's again")
				}
			}()
			lendTo(c, func() {
				if slow {
					other := make(chan struct{})
					_ = c.Post(func() { close(other) })
					<-other
				}
				panic("fn")
			})
		})
	}
}

// TestWatcherEnds: the watcher's goroutine ends some time after the last Lend, and begins
// anew.
func TestWatcherEnds(t *testing.T) {
	for range 2 {
		c := newCore(t, Config{})
		runPosted(t, c, func() { lendTo(c, func() {}) })
		for watches := true; watches; runtime.Gosched() {
			watcher.Lock()
			watches = watcher.running
			watcher.Unlock()
		}
	}
}
