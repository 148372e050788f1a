package handles

import (
	"github.com/uvgo/uvgo/uv"
)

// A Prepare calls a function in every turn, right before the loop polls. C type
// uv_prepare_t.
//
// https://docs.libuv.org/en/v1.x/prepare.html
type Prepare struct{ phase }

var _ uv.Handle = (*Prepare)(nil)

// NewPrepare makes a prepare handle on the loop. C function uv_prepare_init.
//
// https://docs.libuv.org/en/v1.x/prepare.html#c.uv_prepare_init
func NewPrepare(l uv.Loop) (*Prepare, error) {
	p := new(Prepare)
	if err := p.open(l, "prepare init", uv.KindPrepare, false, (*prepareTarget)(p)); err != nil {
		return nil, err
	}
	p.begin, p.end = p.core.StartPrepare, p.core.StopPrepare
	return p, nil
}

// Start makes fn run in every turn until Stop. It does nothing if the handle is active
// already. EINVAL for a nil fn. C function uv_prepare_start.
//
// https://docs.libuv.org/en/v1.x/prepare.html#c.uv_prepare_start
func (p *Prepare) Start(fn func()) error { return p.start("prepare start", fn) }

// Stop ends what Start began. C function uv_prepare_stop.
//
// https://docs.libuv.org/en/v1.x/prepare.html#c.uv_prepare_stop
func (p *Prepare) Stop() error { return p.stop("prepare stop") }
