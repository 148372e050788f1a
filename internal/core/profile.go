package core

import (
	"context"
	"runtime/pprof"
	"runtime/trace"
	"time"

	"github.com/uvgo/uvgo/uv"
)

// The labels of profiles.
const (
	labelLoop   = "uvgo_loop"   // the loop's name
	labelHandle = "uvgo_handle" // the handle's kind, "post" for a posted function, "request" for anything else
)

// profile is what the loop knows for those who profile the process.
type profile struct {
	labels context.Context                 // with those of the loop's goroutines, nil while there are none
	at     uint64                          // when they were set last, in ms of the loop's clock
	on     bool                            // callbacks have labels, too
	kinds  [uv.HandleKinds]context.Context // labels of callbacks by the handle's kind
	post   context.Context
	other  context.Context
	turn   string // names of regions
	wait   string
}

// relabelMS is how often the loop's goroutine gets its labels again: pprof.Do in a callback takes them away.
const relabelMS = 10

// Label gives the calling goroutine, which is about to run the loop, the loop's label beside those of ctx. end leaves it those of ctx. A label
// that a goroutine has costs nothing while nobody profiles.
func (c *Core) Label(ctx context.Context) (end func()) {
	p := &c.profile
	p.labels = pprof.WithLabels(ctx, pprof.Labels(labelLoop, c.name))
	if p.on = c.cfg.ProfileLabels; p.on {
		for kind := range p.kinds {
			p.kinds[kind] = pprof.WithLabels(p.labels, pprof.Labels(labelHandle, uv.HandleKind(kind).String()))
		}
		p.post = pprof.WithLabels(p.labels, pprof.Labels(labelHandle, "post"))
		p.other = pprof.WithLabels(p.labels, pprof.Labels(labelHandle, "request"))
		p.kinds[uv.KindUnknown] = p.other
	}
	c.relabel()
	return func() {
		p.labels, p.on = nil, false
		pprof.SetGoroutineLabels(ctx)
	}
}

// relabel gives the goroutine that has the baton the loop's labels.
func (c *Core) relabel() {
	if p := &c.profile; p.labels != nil {
		p.at = c.ring.NowMS()
		pprof.SetGoroutineLabels(p.labels)
	}
}

// labelKind gives the goroutine the labels of a callback, which who stands for as in slowCallback.
func (c *Core) labelKind(who any) {
	ctx := c.profile.kinds[int(c.kindOf(who))%uv.HandleKinds]
	if _, posted := who.(func()); posted {
		ctx = c.profile.post
	}
	pprof.SetGoroutineLabels(ctx)
}

// beginTurn begins the region of a turn's callbacks. endTurn ends it. In between are calls of the user's functions, which may give the
// baton away: so the region belongs to the goroutine, which ends it when it has come back from all of them.
func (c *Core) beginTurn() {
	if r := c.baton.holder; r.region == nil {
		r.region = trace.StartRegion(context.Background(), c.profile.turn)
	}
}

func (r *runner) endTurn() {
	if r != nil && r.region != nil {
		r.region.End()
		r.region = nil
	}
}

// traceLook is look in a region of its own.
func (c *Core) traceLook(block, force bool) (waited time.Duration) {
	region := trace.StartRegion(context.Background(), c.profile.wait)
	defer region.End()
	return c.look(block, force)
}
