package core

import (
	"testing"
	"time"
)

// TestBlockInLendWhileTheWatcherTakes: a function of Lend that begins to wait just when the watcher takes the loop from it
// gives the loop away once.
func TestBlockInLendWhileTheWatcherTakes(t *testing.T) {
	c := newCore(t, Config{})
	runPosted(t, c, func() {
		for i := range 200 {
			_ = c.Post(func() {})
			lendTo(c, func() {
				// The watcher takes it within 1 to 2 ms.
				for begin, d := time.Now(), time.Millisecond+time.Duration(i%100)*10*time.Microsecond; time.Since(begin) < d; {
				}
				if err := c.Block("test", func() {}); err != nil {
					t.Error(err)
				}
			})
			if !c.owner.isSelf() {
				t.Fatal("the loop is not the callback's again")
			}
		}
	})
	if c.baton.blocked != 0 {
		t.Errorf("%d callbacks are said to block", c.baton.blocked)
	}
}

// TestBlockBehindASlowLend: a callback whose function of Lend was slow has the loop again, and Block gives it away.
func TestBlockBehindASlowLend(t *testing.T) {
	c := newCore(t, Config{})
	runPosted(t, c, func() {
		for range 3 {
			other := make(chan struct{})
			_ = c.Post(func() { close(other) })
			lendTo(c, func() { <-other })
			again := make(chan struct{})
			_ = c.Post(func() { close(again) })
			if err := c.Block("test", func() { <-again }); err != nil { // would wait for ever if it kept the loop
				t.Error(err)
			}
		}
	})
}
