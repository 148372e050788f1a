package handles

import (
	"github.com/uvgo/uvgo/uv"
)

// A Check calls a function in every turn, right after the loop has polled. C type
// uv_check_t.
//
// https://docs.libuv.org/en/v1.x/check.html
type Check struct{ phase }

var _ uv.Handle = (*Check)(nil)

// NewCheck makes a check handle on the loop. C function uv_check_init.
//
// https://docs.libuv.org/en/v1.x/check.html#c.uv_check_init
func NewCheck(l uv.Loop) (*Check, error) {
	p := new(Check)
	if err := p.open(l, "check init", uv.KindCheck, false, (*checkTarget)(p)); err != nil {
		return nil, err
	}
	return p, nil
}

// Start makes fn run in every turn until Stop. It does nothing if the handle is active
// already. EINVAL for a nil fn. C function uv_check_start.
//
// https://docs.libuv.org/en/v1.x/check.html#c.uv_check_start
func (p *Check) Start(fn func()) error { return p.start("check start", fn) }

// Stop ends what Start began. C function uv_check_stop.
//
// https://docs.libuv.org/en/v1.x/check.html#c.uv_check_stop
func (p *Check) Stop() error { return p.stop("check stop") }
