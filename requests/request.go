package requests

import "github.com/uvgo/uvgo/uv"

// request is what all requests share: a slot while they are under way, and the
// function that learns the outcome.
type request struct {
	core *uv.Core
	slot uint32
	gen  uint32
	op   string
	fn   func(error)
}

// begin takes a slot for t, the request that embeds r.
func (r *request) begin(core *uv.Core, t uv.Target, op string, fn func(error)) {
	r.core, r.op, r.fn = core, op, fn
	r.slot, r.gen = core.Slot(t)
}

// end gives the slot back and returns the function, keeping nothing alive.
func (r *request) end() func(error) {
	fn := r.fn
	r.core.Vacate(r.slot)
	r.core, r.fn = nil, nil
	return fn
}
