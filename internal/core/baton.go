package core

import (
	"runtime/trace"
	"sync"
	"sync/atomic"

	"github.com/uvgo/uvgo/internal/bubble"
	"github.com/uvgo/uvgo/internal/goroutine"
)

// A baton is the right to run the loop's callbacks. Exactly one goroutine holds it while the
// loop runs. A callback that blocks gives it away; see docs/lending.md.
//
// The goroutine in Run is called home, the others that turn the loop are guests. What
// belongs to the holder is handed over with the baton, by the channel of the next holder.
type baton struct {
	wanted    atomic.Int32 // goroutines that wait for the baton: those in returning, and home
	unsettled bool         // the callback that runs has been without the baton; see settle
	holder    *runner
	home      *runner
	blocked   int           // callbacks that are without the baton
	takes     atomic.Uint64 // how often the watcher took it

	mu        sync.Mutex
	returning []*runner // callbacks that have to go on, from index first
	first     int
	away      bool      // home waits behind them
	standby   []*runner // guests that have nothing to do
}

// A runner is a goroutine that runs the loop's callbacks.
type runner struct {
	wake   chan struct{} // receives the baton. One element
	id     uintptr       // number of the goroutine
	guest  bool
	over   bool          // a guest is to end. Baton.mu
	exited bool          // the function of its Lend has called runtime.Goexit
	seized bool          // the watcher has taken the baton from its callback
	spent  uint64        // how long the callback that is without the baton had run, in nanoseconds
	region *trace.Region // of the turn that it runs, see beginTurn
	call   call          // the callback that is without the baton
}

// A call is what the loop keeps of a callback that is without the baton, until that
// callback has returned.
type call struct {
	of      subject
	arena   held       // the memory of the event
	task    any        // see Core.Task
	phase   *phaseList // the callback's; once it has the baton again, the turn's
	blocked bool       // it has been without the baton
}

// standbyMax is how many guests without work stay.
const standbyMax = 16

// nobody is the number of no goroutine.
const nobody = ^uintptr(0)

func newRunner(guest bool) *runner { return &runner{wake: bubble.NewWake(), guest: guest} }

// enter makes the calling goroutine home, when a run begins.
func (b *baton) enter() {
	if b.home == nil {
		b.home = newRunner(false)
	}
	b.home.id = goroutine.Self()
	b.holder = b.home
}

// leave sends the guests away, when a run ends.
func (b *baton) leave() {
	b.holder = nil
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, g := range b.standby {
		g.over = true
		g.wake <- struct{}{}
		b.standby[i] = nil
	}
	b.standby = b.standby[:0]
}

// look notes how many goroutines wait for the baton. The caller has locked mu.
func (b *baton) look() {
	n := len(b.returning) - b.first
	if b.away {
		n++
	}
	b.wanted.Store(int32(n))
}

// next takes the goroutine that gets the baton next: a callback that has to go on, then
// home. nil if none waits. The caller has locked mu.
func (b *baton) next() (r *runner) {
	switch {
	case b.first < len(b.returning):
		r = b.returning[b.first]
		b.returning[b.first] = nil
		if b.first++; b.first == len(b.returning) {
			b.returning, b.first = b.returning[:0], 0
		}
	case b.away:
		b.away = false
		r = b.home
	}
	b.look()
	return r
}

// give hands the baton to r. From then on the caller touches nothing of the loop.
func (c *Core) give(r *runner) {
	c.baton.holder = r
	c.owner.set(r.id)
	r.wake <- struct{}{}
}

// giveAway hands the baton to a goroutine that waits for it, or to a guest, which it makes
// if there is none.
func (c *Core) giveAway() {
	b := &c.baton
	b.mu.Lock()
	r := b.next()
	if n := len(b.standby); r == nil && n > 0 {
		r, b.standby = b.standby[n-1], b.standby[:n-1]
	}
	b.mu.Unlock()
	if r == nil {
		r = newRunner(true)
		r.id = nobody
		bubble.Go(func() { c.guest(r) })
	}
	c.give(r)
}

// takeBack waits for the baton, on the goroutine of r whose callback is without it.
func (c *Core) takeBack(r *runner) {
	b := &c.baton
	b.mu.Lock()
	b.returning = append(b.returning, r)
	b.look()
	b.mu.Unlock()
	c.wake()
	<-r.wake
}

// passOn gives the baton to one that waits for it, between two callbacks. It reports whether
// the calling goroutine holds the baton again, or still. A guest that has passed it on is
// without work.
func (c *Core) passOn(r *runner) bool {
	b := &c.baton
	b.mu.Lock()
	if !r.guest {
		if b.first == len(b.returning) {
			b.mu.Unlock()
			return true
		}
		next := b.next()
		b.away = true
		b.look()
		b.mu.Unlock()
		r.endTurn()
		c.meter.away()
		c.give(next)
		<-r.wake
		c.meter.resume(0)
		return true
	}
	next := b.next()
	if next == nil {
		b.mu.Unlock()
		return true
	}
	r.endTurn()
	if r.over = len(b.standby) >= standbyMax; r.over {
		r.wake <- struct{}{}
	} else {
		b.standby = append(b.standby, r)
	}
	b.mu.Unlock()
	c.meter.away()
	c.give(next)
	return false
}

// guest turns the loop whenever it gets the baton.
func (c *Core) guest(r *runner) {
	defer func() {
		if !r.over { // a callback has called runtime.Goexit
			c.goexit(r)
		}
	}()
	for <-r.wake; !r.over; <-r.wake {
		r.id = goroutine.Self()
		c.owner.set(r.id)
		c.relabel()
		c.meter.resume(0)
		c.drive(r)
	}
}

// goexit is for a guest whose callback has called runtime.Goexit: that ends Run's goroutine,
// as it would if Run's goroutine had run the callback. A function of Lend ends the guest alone.
func (c *Core) goexit(r *runner) {
	if c.baton.unsettled {
		c.settle(r)
	}
	if !r.exited {
		c.life.goexit = true
	}
	c.meter.away()
	c.giveAway()
}
