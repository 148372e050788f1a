package core

import (
	"math/rand/v2"
	"testing"
	"time"
)

// count feeds waits to b and returns how many of them looked, and how many of
// those in vain.
func count(b *busyPoll, n int, wait func() time.Duration) (looks, vain int) {
	for range n {
		d := wait()
		if b.window() > 0 {
			looks++
			if d > b.limit {
				vain++
			}
		}
		b.note(d)
	}
	return looks, vain
}

func always(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

func TestBusyPollAtShortWaits(t *testing.T) {
	b := newBusyPoll(0)
	if looks, _ := count(&b, 1000, always(b.limit/2)); looks != 1000-busyPollLeast {
		t.Errorf("%d of 1,000 short waits looked", looks)
	}
	count(&b, 1, always(time.Second)) // the peer has paused
	if looks, _ := count(&b, 1000, always(b.limit/2)); looks != 1000-2*busyPollLeast {
		t.Errorf("after a pause %d of 1,000 short waits looked", looks)
	}
}

func TestBusyPollLeavesLongWaitsAlone(t *testing.T) {
	for _, limit := range []time.Duration{0, -1} {
		b := newBusyPoll(limit)
		if looks, _ := count(&b, 1000, always(time.Millisecond)); looks != 0 {
			t.Errorf("limit %v: %d of 1,000 long waits looked", limit, looks)
		}
	}
	b := newBusyPoll(-1)
	if looks, _ := count(&b, 1000, always(0)); looks != 0 || b.again() {
		t.Errorf("turned off, %d of 1,000 waits looked", looks)
	}
}

// TestBusyPollInVain: what looks in vain, for waits are a little longer than they
// promise or come at random, hardly looks any more.
func TestBusyPollInVain(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, wait := range map[string]func() time.Duration{
		"too long": always(busyPollLimit + 1),
		"half":     func() time.Duration { return time.Duration(r.Int64N(int64(2 * busyPollLimit))) },
		"random":   func() time.Duration { return time.Duration(r.ExpFloat64() * float64(busyPollLimit)) },
	} {
		b := newBusyPoll(0)
		if _, vain := count(&b, 100_000, wait); vain == 0 || vain > 500 {
			t.Errorf("%s: %d of 100,000 waits looked in vain", name, vain)
		}
		// And when waits become short, it looks again.
		count(&b, 2*busyPollMost, always(0))
		if looks, _ := count(&b, 100, always(0)); looks != 100 {
			t.Errorf("%s: %d of 100 short waits looked afterwards", name, looks)
		}
	}
}

// TestLooksBeforeItParks: a loop that parks a goroutine turns again and again
// while it looks, and runs at once what is posted then.
func TestLooksBeforeItParks(t *testing.T) {
	for _, look := range []bool{false, true} {
		c := newCore(t, Config{ParkOnGo: true, BusyPoll: time.Minute})
		if err := c.Begin("test"); err != nil {
			t.Fatal(err)
		}
		c.Hold()
		most := uint64(0)
		for range 100 {
			c.busy.short = 0
			if look {
				c.busy.short = c.busy.need
			}
			ran := false
			time.AfterFunc(5*time.Millisecond, func() { _ = c.Post(func() { ran = true }) })
			for !ran {
				c.park.turns = 0
				if err := c.Turn(true, false); err != nil {
					t.Fatal(err)
				}
				most = max(most, c.park.turns)
			}
			if most > 20 {
				break // else the function was here before the wait
			}
		}
		if (most > 20) != look {
			t.Errorf("a wait that looks, %t: at most %d turns", look, most)
		}
		c.Drop()
		c.End()
	}
}
