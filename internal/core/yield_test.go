package core

import (
	"testing"
	"time"
)

// TestYieldIsDue: a loop that is busy for long lets others run, unless they have run in
// the same turn: where somebody computes each yield takes a time slice.
func TestYieldIsDue(t *testing.T) {
	var s sched
	for _, step := range []struct {
		at     uint64
		rested bool // others ran in the turn
		due    bool
	}{
		{1, false, false}, {yieldMS, false, true}, {yieldMS + 1, false, false},
		{2 * yieldMS, false, true}, {3 * yieldMS, true, false}, {3*yieldMS + 1, false, false},
		{4*yieldMS - 1, true, false}, {4 * yieldMS, false, false}, {5*yieldMS - 1, false, true},
	} {
		if step.rested {
			s.rested = true
		}
		if due := s.due(step.at); due != step.due {
			t.Errorf("at %d ms, rested %t: due %t", step.at, step.rested, due)
		}
	}
}

// TestEveryTurnLooksWhetherToYield runs turns that are long enough.
func TestEveryTurnLooksWhetherToYield(t *testing.T) {
	for _, rest := range []bool{false, true} {
		const turns = 8
		c := newCore(t, Config{ParkOnGo: true})
		var last []uint64 // when others ran last, as each turn begins
		var busy func()
		busy = func() {
			last = append(last, c.sched.last)
			for began := time.Now(); time.Since(began) < 2*yieldMS*time.Millisecond; {
			}
			if len(last) == turns {
				c.Stop()
			} else if err := c.Post(busy); err != nil {
				t.Error(err)
			}
		}
		c.OnBatch(func() {
			if rest {
				c.Rest()
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
		if err != nil || len(last) != turns {
			t.Fatalf("%d turns, %v", len(last), err)
		}
		for i := 4; i < turns; i++ { // the first turns begin the run
			if last[i] < last[i-1]+yieldMS {
				t.Errorf("others ran at %v ms, although turns take %d", last, 2*yieldMS)
				break
			}
		}
	}
}
