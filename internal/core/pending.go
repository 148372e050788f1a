package core

import "github.com/uvgo/uvgo/cuv"

// EachPending calls fn with each event of a kind that C has reported for a handle and that has not been
// delivered, in order: those that wait for callbacks without the baton, and then those of the batch. fn may change the generation
// of an event, which makes it stale. It belongs to the loop's goroutine; fn must not cross into C.
func (c *Core) EachPending(h *cuv.Handle, kind cuv.Kind, fn func(ev *cuv.Event)) {
	look := func(ev *cuv.Event) {
		if ev.Slot == h.Slot && ev.Gen == h.Gen && ev.Kind == kind {
			fn(ev)
		}
	}
	for _, list := range [][]kept{c.kept.released, c.kept.events[h.Slot]} {
		for i := range list {
			if list[i].d == nil && list[i].end == nil {
				look(&list[i].ev)
			}
		}
	}
	for i := range c.ring.Pending() {
		look(c.ring.Peek(i))
	}
}
