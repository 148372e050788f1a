package core

import (
	"slices"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/invariants"
	"github.com/uvgo/uvgo/uv"
)

// A Target receives the events of the handle or request in a slot. It is an unexported
// type over the struct of the public one, so that the pages of public types show what
// their users call and nothing else.
type Target interface {
	// Complete handles one event, which is borrowed: valid until the target calls
	// a function of the user's. It runs on the loop's goroutine.
	Complete(ev *cuv.Event)
}

// A HandleTarget is the target of a handle. Walk yields its handle, and Requests does
// not count it.
type HandleTarget interface {
	Target
	Handle() uv.Handle
}

// slots maps C's ids to Go's objects.
type slots struct {
	list    []slot
	free    []uint32
	handles int              // open handles of the user's
	polled  map[uintptr]bool // descriptors that Poll handles were made for
}

// slot maps one of C's ids to its Go object. The generation grows with every
// new occupant and every restart; an event that carries an older one is stale.
type slot struct {
	target Target
	gen    uint32
	busy   uint32 // callbacks of the handle that are without the baton: its events wait
}

// Slot gives the target an id and a generation. A request passes both to C and
// calls Vacate when it completes.
func (c *Core) Slot(t Target) (id, gen uint32) {
	if n := len(c.slots.free); n > 0 {
		id = c.slots.free[n-1]
		c.slots.free = c.slots.free[:n-1]
	} else {
		id = uint32(len(c.slots.list))
		c.slots.list = append(grown(c.slots.list), slot{})
	}
	c.meter.slots.Inc()
	s := &c.slots.list[id]
	s.target = t
	s.gen++
	return id, s.gen
}

// grown returns the list with room for another slot. append alone grows a long list by a
// quarter: the lists that it leaves behind are four times as large together, and there may be no garbage
// collection for long. Room that no slot needs yet takes no memory of the kernel's.
func grown(list []slot) []slot {
	n := len(list)
	switch {
	case n < cap(list) || n < 256:
		return list
	case n < 1<<16:
		return slices.Grow(list, 3*n)
	}
	return slices.Grow(list, n)
}

// Target returns the target to which a slot and generation belong, nil if they are stale.
func (c *Core) Target(id, gen uint32) Target {
	if id < uint32(len(c.slots.list)) && c.slots.list[id].gen == gen {
		return c.slots.list[id].target
	}
	return nil
}

// Vacate frees a slot.
func (c *Core) Vacate(id uint32) {
	c.meter.slots.Dec()
	s := &c.slots.list[id]
	s.target = nil
	s.gen++
	s.busy = 0
	if id == c.batch.event.Slot {
		c.batch.vacated = true
	}
	c.slots.free = append(c.slots.free, id)
}

// Open makes a handle of the kind for the target; op names the call in errors.
func (c *Core) Open(op string, kind uv.HandleKind, ipc bool, t Target) (*cuv.Handle, error) {
	return c.OpenWith(op, t, func(id, gen uint32) (*cuv.Handle, int) {
		if kind != uv.KindTimer {
			return c.ring.NewHandle(int(kind), ipc, id, gen)
		}
		if h := c.ring.NewTimer(id, gen); h != nil {
			return h, 0
		}
		return nil, int(uv.ENOMEM)
	})
}

// OpenWith makes a handle for the target by the call make, which gets the slot and
// generation and returns libuv's error.
func (c *Core) OpenWith(op string, t Target, make func(id, gen uint32) (*cuv.Handle, int)) (*cuv.Handle, error) {
	if err := c.usable(op); err != nil {
		return nil, err
	}
	if err := c.Check(op); err != nil {
		return nil, err
	}
	id, gen := c.Slot(t)
	h, rc := make(id, gen)
	if rc < 0 {
		c.Vacate(id)
		return nil, uv.Check(op, rc)
	}
	c.slots.handles++
	c.meter.opened(h.Kind())
	c.mark(id)
	return h, nil
}

// Register makes the target the owner of a handle that C accepted.
func (c *Core) Register(h *cuv.Handle, t Target) {
	h.Slot, h.Gen = c.Slot(t)
	c.slots.handles++
	c.meter.opened(h.Kind())
	c.mark(h.Slot)
}

// Orphan closes a handle that C accepted and nobody will own.
func (c *Core) Orphan(h *cuv.Handle) { c.ring.Submit(cuv.OpClose, h, 0, 0) }

// Bump starts a new generation of a handle: events that C has already reported
// no longer reach it.
func (c *Core) Bump(h *cuv.Handle) {
	h.Gen++
	c.slots.list[h.Slot].gen = h.Gen
}

// Forget frees the slot and C's memory of a handle, after its close event.
func (c *Core) Forget(h *cuv.Handle) {
	delete(c.debug.created, h.Slot)
	c.Vacate(h.Slot)
	c.slots.handles--
	c.meter.closed(h.Kind())
	if uv.HandleKind(h.Kind()) == uv.KindTimer && !invariants.Enabled { // an invariants build frees the memory, so that AddressSanitizer sees a later use
		c.ring.RecycleTimer(h)
		return
	}
	c.ring.Submit(cuv.OpFree, h, 0, 0)
}

// Walk yields the open handles as they are now. C function uv_walk.
//
// https://docs.libuv.org/en/v1.x/loop.html
func (c *Core) Walk(yield func(uv.Handle) bool) {
	if c == nil {
		return
	}
	var all []uv.Handle
	for i := range c.slots.list {
		if t, ok := c.slots.list[i].target.(HandleTarget); ok {
			all = append(all, t.Handle())
		}
	}
	for _, h := range all {
		if !yield(h) {
			return
		}
	}
}

// Requests counts the requests under way.
func (c *Core) Requests() (n int) {
	for i := range c.slots.list {
		if t := c.slots.list[i].target; t != nil {
			if _, handle := t.(HandleTarget); !handle {
				n++
			}
		}
	}
	return n
}

// Polled tells whether a Poll handle of this loop was made for the descriptor.
func (c *Core) Polled(fd uintptr) bool { return c.slots.polled[fd] }

// SetPolled notes that a Poll handle was made for the descriptor (on), or was closed.
func (c *Core) SetPolled(fd uintptr, on bool) {
	if c.slots.polled == nil {
		c.slots.polled = make(map[uintptr]bool)
	}
	if on {
		c.slots.polled[fd] = true
	} else {
		delete(c.slots.polled, fd)
	}
}
