package handles

import (
	"github.com/uvgo/uvgo/uv"
)

// An Idle calls a function in every turn, before the prepare handles. While one is
// active the loop polls without waiting, so it uses all of a processor's time. C type
// uv_idle_t.
//
// https://docs.libuv.org/en/v1.x/idle.html
type Idle struct{ phase }

var _ uv.Handle = (*Idle)(nil)

// NewIdle makes an idle handle on the loop. C function uv_idle_init.
//
// https://docs.libuv.org/en/v1.x/idle.html#c.uv_idle_init
func NewIdle(l uv.Loop) (*Idle, error) {
	p := new(Idle)
	if err := p.open(l, "idle init", uv.KindIdle, false, (*idleTarget)(p)); err != nil {
		return nil, err
	}
	p.begin, p.end = p.core.StartIdle, p.core.StopIdle
	return p, nil
}

// Start makes fn run in every turn until Stop. It does nothing if the handle is active
// already. EINVAL for a nil fn. C function uv_idle_start.
//
// https://docs.libuv.org/en/v1.x/idle.html#c.uv_idle_start
func (p *Idle) Start(fn func()) error { return p.start("idle start", fn) }

// Stop ends what Start began. C function uv_idle_stop.
//
// https://docs.libuv.org/en/v1.x/idle.html#c.uv_idle_stop
func (p *Idle) Stop() error { return p.stop("idle stop") }
