package core

import (
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// A Holder is a Target that can keep C from reporting more events, while a callback of
// the handle is without the baton and an event waits for it. A Target that is none has
// events that come one at a time, or seldom.
type Holder interface {
	// Hold stops the events of the handle (on), or lets them come again. It runs on the
	// loop's goroutine, and must not call a function of the user's.
	Hold(on bool)
}

// A BlockedTarget is a Target that is told while callbacks of its handle are without the baton.
type BlockedTarget interface {
	// Blocked says that such a callback blocks (on), or that all of them have returned. It must
	// not call a function of the user's.
	Blocked(on bool)
}

// A SlotDeferred is a Deferred that calls functions of the handle in a slot. Events of that
// handle wait while such a function is without the baton.
type SlotDeferred interface {
	uv.Deferred
	DeferredSlot() uint32
}

// An OvertakingDeferred is a SlotDeferred that itself does not wait: a callback of the handle
// may wait for it.
type OvertakingDeferred interface {
	SlotDeferred
	Overtakes()
}

// subject is what a callback is about: the events of the same handle keep their order. Its
// zero value is nothing.
type subject struct {
	target Target // of the handle in slot
	slot   uint32
	phase  *Phase
}

// held is the memory that an event has borrowed: nil for none.
type held = *cuv.Arena

// A kept is an event that waits for a callback of the same handle. In released, one without
// an event and a Deferred ends the waiting.
type kept struct {
	ev    cuv.Event
	d     SlotDeferred
	arena held
	lent  bool
	end   Target
}

// keeping is what waits for callbacks without the baton.
type keeping struct {
	events   map[uint32][]kept // by slot
	released []kept            // due, in their order
	current  held              // the memory of the kept event that is being delivered
}

// keep notes what the callback that runs is about, and keeps the memory that it borrows.
func (c *Core) keep(k *call) {
	w := &c.batch
	switch w.now {
	case phaseCallback:
		k.of.phase = w.run[w.at-1]
		k.of.phase.busy = true
	case deferredCallback:
		if d, ok := w.deferral.(SlotDeferred); ok {
			c.occupy(k, d.DeferredSlot())
		}
	case aboutCallback:
		c.occupy(k, w.about)
	case eventCallback:
		if !w.vacated {
			c.occupy(k, w.event.Slot)
		}
		if k.arena, c.kept.current = c.kept.current, nil; k.arena == nil && w.event.Borrows() {
			k.arena = c.ring.Retain()
		}
	}
}

// About says that the callback that runs is from now on about the handle in a slot: one that
// a listener has just accepted, for example. While it blocks, events of that handle wait. Events of
// the handle that the callback was about before do not wait any more.
func (c *Core) About(slot uint32) {
	if c.baton.unsettled { // it has blocked already, about another handle
		k := &c.baton.holder.call
		of := k.of
		k.of, k.blocked = subject{}, false
		c.unkeepSubject(of)
	}
	c.batch.now, c.batch.about = aboutCallback, slot
}

// occupy makes the events of the handle in a slot wait.
func (c *Core) occupy(k *call, slot uint32) {
	if slot >= uint32(len(c.slots.list)) {
		return
	}
	s := &c.slots.list[slot]
	if _, handle := s.target.(HandleTarget); handle {
		if s.busy++; s.busy == 1 {
			tellBlocked(s.target, true)
		}
		k.of = subject{target: s.target, slot: slot}
	}
}

func tellBlocked(t Target, on bool) {
	if b, ok := t.(BlockedTarget); ok {
		b.Blocked(on)
	}
}

// unkeep ends what keep began.
func (c *Core) unkeep(k *call) {
	if k.arena != nil {
		c.ring.Release(k.arena)
	}
	c.unkeepSubject(k.of)
}

// unkeepSubject lets the events come that have waited for a callback about of.
func (c *Core) unkeepSubject(of subject) {
	if of.phase != nil {
		of.phase.busy = false
	}
	if of.target == nil {
		return
	}
	slot := of.slot
	if s := &c.slots.list[slot]; s.target == of.target {
		if s.busy--; s.busy > 0 {
			return
		}
		tellBlocked(s.target, false)
	}
	if events := c.kept.events[slot]; len(events) > 0 {
		delete(c.kept.events, slot)
		events = append(events, kept{ev: cuv.Event{Slot: slot}, end: of.target})
		c.kept.released = append(events, c.kept.released...) // those of the same slot have come later
	}
}

// holdBack makes an event wait for the callback of its handle. The first one stops the handle's
// events, as far as it can.
func (c *Core) holdBack(slot uint32, e kept) {
	waiting := c.kept.events[slot]
	if e.d == nil && e.end == nil {
		if (e.ev.Kind == cuv.EvTimer || e.ev.Kind == cuv.EvCheck) && waits(waiting, e.ev.Kind) {
			return // as in libuv, where a callback that takes long skips these
		}
		if e.arena == nil && e.ev.Borrows() {
			e.arena = c.ring.Retain()
		}
		if !e.lent && e.ev.Lends() {
			e.lent = true
			c.ring.KeepLent(1)
		}
	}
	if len(waiting) == 0 {
		if h, ok := c.slots.list[slot].target.(Holder); ok {
			h.Hold(true)
		}
	}
	if c.kept.events == nil {
		c.kept.events = make(map[uint32][]kept)
	}
	c.kept.events[slot] = append(waiting, e)
}

// waits tells whether an event of a kind waits.
func waits(events []kept, kind cuv.Kind) bool {
	for i := range events {
		if events[i].d == nil && events[i].end == nil && events[i].ev.Kind == kind {
			return true
		}
	}
	return false
}

// release delivers the first event that has waited long enough.
func (c *Core) release() {
	e := c.kept.released[0]
	c.kept.released[0] = kept{}
	if c.kept.released = c.kept.released[1:]; len(c.kept.released) == 0 {
		c.kept.released = nil
	}
	slot := e.ev.Slot
	if e.d != nil {
		slot = e.d.DeferredSlot()
	}
	if slot < uint32(len(c.slots.list)) && c.slots.list[slot].busy > 0 {
		c.holdBack(slot, e)
		return
	}
	if e.lent {
		c.ring.KeepLent(-1) // C takes the memory back with a later turn
	}
	switch {
	case e.end != nil:
		if h, ok := e.end.(Holder); ok && c.slots.list[slot].target == e.end {
			h.Hold(false)
		}
	case e.d != nil:
		c.batch.now = deferredCallback
		c.deliverDeferred(e.d)
	default:
		c.batch.now = eventCallback
		c.kept.current = e.arena
		c.batch.event = e.ev
		c.deliver(&c.batch.event)
	}
}

// dropKept gives back the memory of a kept event whose callback has returned.
func (c *Core) dropKept() {
	c.ring.Release(c.kept.current)
	c.kept.current = nil
}
