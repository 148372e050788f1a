package uv

import "slices"

// A Phase is a callback that runs in every turn before the poll: an idle or
// prepare handle's.
type Phase struct {
	Fn    func()
	round uint64 // the turn in which it was started
	on    bool
}

// phases is one phase's callbacks, latest started first, as libuv runs them.
type phases struct {
	list []*Phase
}

// StartIdle makes p run in every turn from the next on.
func (c *Core) StartIdle(p *Phase) { c.start(&c.idle, p) }

// StopIdle ends what StartIdle began.
func (c *Core) StopIdle(p *Phase) { c.idle.stop(p) }

// Idling tells whether an idle handle is active: RunOnce then does not block.
func (c *Core) Idling() bool { return len(c.idle.list) > 0 }

// StartPrepare makes p run in every turn, after the idle callbacks.
func (c *Core) StartPrepare(p *Phase) { c.start(&c.prepare, p) }

// StopPrepare ends what StartPrepare began.
func (c *Core) StopPrepare(p *Phase) { c.prepare.stop(p) }

func (c *Core) start(ps *phases, p *Phase) {
	p.on = true
	p.round = c.round
	if !c.work.inPhase(ps) {
		p.round = c.round - 1 // not inside this phase: it may run in this turn
	}
	ps.list = append(ps.list, nil)
	copy(ps.list[1:], ps.list)
	ps.list[0] = p
}

func (ps *phases) stop(p *Phase) {
	p.on = false
	if i := slices.Index(ps.list, p); i >= 0 {
		ps.list = slices.Delete(ps.list, i, i+1) // keeping nothing behind the end
	}
}
