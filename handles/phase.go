package handles

import (
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// phase is what Idle, Prepare and Check share. Idle and prepare callbacks run in Go
// before the crossing, so begin and end tell the core of them. C starts and stops its
// handle as well: libuv has to know that the handle is active, to decide whether the
// loop is alive and may wait.
type phase struct {
	handle
	run   core.Phase
	begin func(*core.Phase) // nil for Check, whose callback runs at an event from C
	end   func(*core.Phase)
}

func (p *phase) start(op string, fn func()) error {
	if err := p.use(op); err != nil {
		return err
	}
	if fn == nil {
		return uv.Fail(op, uv.EINVAL)
	}
	if p.has(active) {
		return nil
	}
	p.set(active)
	p.run.Fn = fn
	if p.begin != nil {
		p.begin(&p.run)
	} else {
		p.core.Bump(p.c)
	}
	p.core.Ring().Submit(cuv.OpPhaseStart, p.c, 0, 0)
	return nil
}

func (p *phase) stop(op string) error {
	if err := p.use(op); err != nil {
		return err
	}
	if !p.has(active) {
		return nil
	}
	p.clear(active)
	if p.end != nil {
		p.end(&p.run)
	} else {
		p.core.Bump(p.c)
	}
	p.core.Ring().Submit(cuv.OpPhaseStop, p.c, 0, 0)
	return nil
}

// Close starts closing the handle; a second call does nothing. C function uv_close.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_close
func (p *phase) Close() error {
	was := p.core.Owned() && p.has(active)
	if err := p.handle.Close(); err != nil {
		return err
	}
	if was && p.end != nil {
		p.end(&p.run)
	}
	return nil
}

// complete handles the handle's events. C type uv_check_cb.
//
// https://docs.libuv.org/en/v1.x/check.html#c.uv_check_cb
func (p *phase) complete(ev *cuv.Event) {
	switch ev.Kind {
	case cuv.EvCheck:
		p.run.Fn()
	case cuv.EvClose:
		p.run.Fn = nil
		p.finish()
	}
}
