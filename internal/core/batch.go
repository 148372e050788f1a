package core

import (
	"syscall"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// Defer makes d deliver in the loop's next turn, which then does not block.
func (c *Core) Defer(d uv.Deferred) { c.batch.deferred = append(c.batch.deferred, d) }

// batch is what a turn delivers, and how far the delivery has come. Every cursor moves on
// before its callback runs. So after a panic the batch goes on behind the callback that
// panicked.
type batch struct {
	phase *phaseList // whose callbacks are running, nil for none
	run   []*Phase
	at    int

	posts []post
	post  int

	ready []uv.Deferred
	next  int

	events int
	event  cuv.Event      // a copy of the one being delivered, since the ring may move meanwhile
	err    *uv.PanicError // ends the batch

	deferred []uv.Deferred // for the next turn
	after    []func()      // run behind every batch
}

func (w *batch) inPhase(ps *phaseList) bool { return w.phase == ps }

// runPhase runs one phase's callbacks: those that were active when it began.
func (c *Core) runPhase(ps *phaseList) {
	if len(ps.list) == 0 {
		return
	}
	w := &c.batch
	w.phase = ps
	w.run = append(w.run[:0], ps.list...)
	w.at = 0
	c.finish((*Core).phaseStep)
	w.phase = nil
	clear(w.run)
}

func (c *Core) phaseStep() {
	w := &c.batch
	for w.at < len(w.run) {
		p := w.run[w.at]
		w.at++
		if p.on && p.round < c.phases.round {
			if c.debug.timing {
				c.timed(p, p.Fn)
			} else {
				p.Fn()
			}
		}
	}
}

// runBatch runs what a turn brought: posted functions, deferred deliveries,
// then the events in their order.
func (c *Core) runBatch() {
	w := &c.batch
	w.events = c.ring.Pending()
	c.collectPosts()
	if w.next == len(w.ready) && len(c.batch.deferred) > 0 {
		w.ready, c.batch.deferred = c.batch.deferred, w.ready[:0]
		w.next = 0
	}
	c.finish((*Core).batchStep)
	for _, fn := range c.batch.after {
		fn()
	}
}

// OnBatch makes fn run behind the callbacks of every turn from now on, before
// the callbacks' operations cross into C. fn must not panic.
func (c *Core) OnBatch(fn func()) { c.batch.after = append(c.batch.after, fn) }

func (c *Core) batchStep() {
	w := &c.batch
	for w.post < len(w.posts) {
		p := w.posts[w.post]
		w.posts[w.post] = post{} // a function that has run must not keep its captures alive
		w.post++
		if p.ctx == nil || p.ctx.Err() == nil {
			if c.debug.timing {
				c.timed(p.fn, p.fn)
			} else {
				p.fn()
			}
		}
	}
	for w.next < len(w.ready) {
		d := w.ready[w.next]
		w.ready[w.next] = nil
		w.next++
		if c.debug.timing {
			c.timed(d, d.Deliver)
		} else {
			d.Deliver()
		}
	}
	for w.events > 0 {
		w.events--
		c.ring.Next(&w.event)
		c.deliver(&w.event)
	}
}

// finish repeats step until it gets to its end, or a panic ends Run.
func (c *Core) finish(step func(*Core)) {
	for !c.protect(step) && c.batch.err == nil {
	}
}

// protect runs step and catches its panic. It reports whether step got to its end. A
// runtime.Goexit passes through.
func (c *Core) protect(step func(*Core)) (done bool) {
	defer func() {
		if done {
			return
		}
		if v := recover(); v != nil {
			c.caught(v)
		}
	}()
	step(c)
	return true
}

// deliver hands one event to its target, unless the event is stale.
func (c *Core) deliver(ev *cuv.Event) {
	if ev.Slot < uint32(len(c.slots.list)) {
		if s := &c.slots.list[ev.Slot]; s.gen == ev.Gen && s.target != nil {
			if t := s.target; c.debug.timing {
				c.timed(t, func() { t.Complete(ev) })
			} else {
				t.Complete(ev)
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
