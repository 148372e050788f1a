package submit

import "github.com/uvgo/uvgo/internal/core"

// A Request is what all requests share: a slot while they are under way, and the
// function that learns the outcome.
type Request struct {
	Core *core.Core // nil once it has ended
	Slot uint32
	Gen  uint32
	Op   string
	fn   func(error)
}

// Begin takes a slot for t, the request that embeds r.
func (r *Request) Begin(core *core.Core, t core.Target, op string, fn func(error)) {
	r.Core, r.Op, r.fn = core, op, fn
	r.Slot, r.Gen = core.Slot(t)
}

// End frees the slot and returns the function. The request keeps nothing alive then.
func (r *Request) End() func(error) {
	fn := r.fn
	r.Core.Vacate(r.Slot)
	r.Core, r.fn = nil, nil
	return fn
}
