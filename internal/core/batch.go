package core

import (
	"syscall"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// Defer makes d deliver in the loop's next turn, which then does not block.
func (c *Core) Defer(d uv.Deferred) { c.batch.deferred = append(c.batch.deferred, d) }

// AfterEvents makes d deliver behind the events of the batch that is being delivered, or of the next
// one. So what a turn has read can be looked at as a whole, without another turn. d's delivery is no
// callback of a handle: while it is without the baton, events of all handles go on.
func (c *Core) AfterEvents(d uv.Deferred) { c.batch.last = append(c.batch.last, d) }

// batch is what a turn delivers, and how far the delivery has come. Every cursor moves on
// before its callback runs. So after a panic the batch goes on behind the callback that
// panicked.
type batch struct {
	phase *phaseList // whose callbacks are running, nil for none
	run   []*Phase
	at    int

	posts  *postChunk // posted functions that are left, from the first chunk's index post on
	post   int
	posted *postChunk // chunks whose functions have run, for use again
	kept   int        // how many

	ready []uv.Deferred
	next  int

	events  int
	event   cuv.Event      // a copy of the one being delivered, since the ring may move meanwhile
	vacated bool           // its slot has been freed meanwhile
	err     *uv.PanicError // ends the batch

	last   []uv.Deferred // delivered behind the events, from index at on
	lastAt int

	fn       func()      // the posted function that runs
	now      callback    // what kind of callback runs
	deferral uv.Deferred // which, if it is a deferredCallback
	about    uint32      // the handle's slot, if it is an aboutCallback

	deferred []uv.Deferred // for the next turn
	after    []func()      // run behind every batch
	done     int           // how many of them have, in this turn
}

// callback is a kind of callback.
type callback uint8

const (
	otherCallback callback = iota // posted, or behind a batch
	phaseCallback
	deferredCallback
	eventCallback
	aboutCallback // see About
)

func (w *batch) inPhase(ps *phaseList) bool { return w.phase == ps }

// startPhase begins to run one phase's callbacks: those that are active now.
func (c *Core) startPhase(ps *phaseList) {
	w := &c.batch
	w.phase = ps
	if len(ps.list) > 0 {
		c.meter.resume(0)
	}
	clear(w.run) // idle callbacks, before the prepare callbacks: stopped ones must not stay alive
	w.run = append(w.run[:0], ps.list...)
	w.at = 0
}

// endPhase ends what startPhase began.
func (c *Core) endPhase() {
	c.batch.phase = nil
	clear(c.batch.run)
	c.batch.run, c.batch.at = c.batch.run[:0], 0
}

// runPhase runs the phase's callbacks that are left. False: not all have run, and there is
// something else to do first.
func (c *Core) runPhase() bool {
	w := &c.batch
	w.now = phaseCallback
	for w.at < len(w.run) {
		if c.between() {
			return false
		}
		p := w.run[w.at]
		w.at++
		if p.on && !p.busy && p.round < c.phases.round {
			if c.profile.on {
				c.labelKind(p)
			}
			p.Fn()
			if took := c.meter.ran(); took >= c.meter.slow {
				c.slowCallback(p, took)
			}
		}
	}
	return !c.between()
}

// between tells, between two callbacks, whether there is something to do first: the baton is
// wanted, or the callback that has just run had given it away.
func (c *Core) between() bool { return c.baton.unsettled || c.baton.wanted.Load() != 0 }

// startBatch collects what a turn brought.
func (c *Core) startBatch() {
	w := &c.batch
	w.events = c.ring.Pending()
	c.collectPosts()
	if w.next == len(w.ready) && len(c.batch.deferred) > 0 {
		w.ready, c.batch.deferred = c.batch.deferred, w.ready[:0]
		w.next = 0
	}
	w.done = 0
}

// OnBatch makes fn run behind the callbacks of every turn from now on, before
// the callbacks' operations cross into C. fn must not panic.
func (c *Core) OnBatch(fn func()) { c.batch.after = append(c.batch.after, fn) }

// runBatch delivers what is left of what a turn brought: posted functions, deferred
// deliveries, the events in their order, then what AfterEvents was given. False: there is something else to do first.
func (c *Core) runBatch() bool {
	w := &c.batch
	for w.posts != nil {
		if c.between() {
			return false
		}
		w.now = otherCallback
		fn, ctx := w.nextPost()
		if ctx == nil || ctx.Err() == nil {
			w.fn = fn
			if c.profile.on {
				c.labelKind(fn)
			}
			fn()
			w.fn = nil
			if took := c.meter.ran(); took >= c.meter.slow {
				c.slowCallback(fn, took)
			}
		}
	}
	for w.next < len(w.ready) {
		if c.between() {
			return false
		}
		w.now = deferredCallback
		d := w.ready[w.next]
		w.ready[w.next] = nil
		w.next++
		c.deliverDeferred(d)
	}
	for w.events > 0 {
		if c.between() {
			return false
		}
		w.now = eventCallback
		w.events--
		c.ring.Next(&w.event)
		c.deliver(&w.event)
	}
	for w.lastAt < len(w.last) {
		if c.between() {
			return false
		}
		w.now = otherCallback
		d := w.last[w.lastAt]
		w.last[w.lastAt] = nil
		w.lastAt++
		if c.profile.on {
			c.labelKind(d)
		}
		d.Deliver()
		if took := c.meter.ran(); took >= c.meter.slow {
			c.slowCallback(d, took)
		}
	}
	w.last, w.lastAt = w.last[:0], 0
	return !c.between()
}

// runAfter runs the functions of OnBatch that are left. False: there is something else to do
// first.
func (c *Core) runAfter() bool {
	w := &c.batch
	w.now = otherCallback
	for w.done < len(w.after) {
		if c.between() {
			return false
		}
		w.done++
		w.after[w.done-1]()
	}
	return !c.between()
}

// deliverDeferred makes one deferred delivery, unless a callback of its handle is without
// the baton.
func (c *Core) deliverDeferred(d uv.Deferred) {
	if c.baton.blocked > 0 && c.waitsForSlot(d) {
		return
	}
	c.batch.deferral = d
	if c.profile.on {
		c.labelKind(d)
	}
	d.Deliver()
	if took := c.meter.ran(); took >= c.meter.slow {
		c.slowCallback(d, took)
	}
}

// waitsForSlot makes a deferred delivery wait if a callback of its handle is without the baton.
func (c *Core) waitsForSlot(d uv.Deferred) bool {
	s, ok := d.(SlotDeferred)
	if !ok {
		return false
	}
	if _, overtakes := d.(OvertakingDeferred); overtakes {
		return false
	}
	slot := s.DeferredSlot()
	if slot >= uint32(len(c.slots.list)) || c.slots.list[slot].busy == 0 {
		return false
	}
	c.holdBack(slot, kept{d: s})
	return true
}

// deliver hands one event to its target, unless the event is stale.
func (c *Core) deliver(ev *cuv.Event) {
	if ev.Slot < uint32(len(c.slots.list)) {
		if s := &c.slots.list[ev.Slot]; s.busy > 0 && ev.Kind != cuv.EvWritten {
			c.holdBack(ev.Slot, kept{ev: *ev, arena: c.kept.current})
			c.kept.current = nil
			return
		} else if s.gen == ev.Gen && s.target != nil {
			c.batch.vacated = false
			t := s.target
			if c.profile.on {
				c.labelKind(t)
			}
			t.Complete(ev)
			if took := c.meter.ran(); took >= c.meter.slow {
				c.slowCallback(t, took)
			}
			return
		}
	}
	switch { // nobody will own what the event brings
	case ev.Kind == cuv.EvAccept && ev.Accepted() != nil:
		c.Orphan(ev.Accepted())
	case ev.Kind == cuv.EvPassed:
		syscall.Close(ev.PassedFD())
	}
}
