package core

import (
	"slices"

	"github.com/uvgo/uvgo/uv"
)

// A Phase is a callback that runs in every turn before the poll: an idle or
// prepare handle's.
type Phase struct {
	Fn    func()
	round uint64 // the turn in which it was started
	kind  uv.HandleKind
	on    bool
	busy  bool // it is without the baton
}

// phases are the callbacks that Go runs before the poll.
type phases struct {
	idle    phaseList
	prepare phaseList
	round   uint64 // number of this turn, for handles started inside a phase
}

// phaseList is one phase's callbacks, latest started first, as libuv runs them.
type phaseList struct {
	list []*Phase
}

// StartIdle makes p run in every turn from the next on.
func (c *Core) StartIdle(p *Phase) { c.start(&c.phases.idle, p, uv.KindIdle) }

// StopIdle ends what StartIdle began.
func (c *Core) StopIdle(p *Phase) { c.phases.idle.stop(p) }

// Idling tells whether an idle handle is active: RunOnce then does not block.
func (c *Core) Idling() bool { return len(c.phases.idle.list) > 0 }

// StartPrepare makes p run in every turn, after the idle callbacks.
func (c *Core) StartPrepare(p *Phase) { c.start(&c.phases.prepare, p, uv.KindPrepare) }

// StopPrepare ends what StartPrepare began.
func (c *Core) StopPrepare(p *Phase) { c.phases.prepare.stop(p) }

func (c *Core) start(ps *phaseList, p *Phase, kind uv.HandleKind) {
	p.kind = kind
	p.on = true
	p.round = c.phases.round
	if !c.batch.inPhase(ps) {
		p.round = c.phases.round - 1 // not inside this phase: it may run in this turn
	}
	ps.list = append(ps.list, nil)
	copy(ps.list[1:], ps.list)
	ps.list[0] = p
}

func (ps *phaseList) stop(p *Phase) {
	p.on = false
	if i := slices.Index(ps.list, p); i >= 0 {
		ps.list = slices.Delete(ps.list, i, i+1) // keeping nothing behind the end
	}
}
