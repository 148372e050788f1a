package core

import (
	"testing"
	"time"
)

// TestYields: a loop that is busy for long lets others run, unless they have run in
// the same turn: where somebody computes each yield takes a time slice.
func TestYields(t *testing.T) {
	for _, rest := range []bool{false, true} {
		c := newCore(t, Config{ParkOnGo: true})
		const turns = 5
		left := turns
		var busy func()
		busy = func() {
			for began := time.Now(); time.Since(began) < 2*yieldMS*time.Millisecond; {
			}
			if left--; left == 0 {
				c.Stop()
			} else if err := c.Post(busy); err != nil {
				t.Error(err)
			}
		}
		c.OnBatch(func() {
			if rest {
				c.Rested()
			}
		})
		if err := c.Post(busy); err != nil {
			t.Fatal(err)
		}
		if err := c.Begin("run"); err != nil {
			t.Fatal(err)
		}
		err := c.Run()
		c.End()
		if err != nil || left != 0 {
			t.Fatalf("%d turns left, %v", left, err)
		}
		if yielded := c.sched.yields >= turns-2; yielded == rest {
			t.Errorf("%d yields in %d turns; yielded otherwise: %t", c.sched.yields, turns, rest)
		}
	}
}
