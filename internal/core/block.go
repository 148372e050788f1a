package core

import "github.com/uvgo/uvgo/uv"

// Block calls fn, which may wait for anything, on the calling goroutine. If that goroutine
// runs a callback of the loop, the loop goes on meanwhile on another goroutine, and the
// callback has the loop again when Block returns, panics or ends its goroutine. Other
// goroutines may call it, too: fn then runs, and nothing else happens. ErrInCallback in a
// callback of a loop that cannot be lent: fn does not run. No libuv counterpart.
func (c *Core) Block(op string, fn func()) error {
	if fn == nil || c == nil || c.ring == nil {
		return uv.Fail(op, uv.EINVAL)
	}
	inside, holds := c.holds()
	if !holds {
		fn()
		return nil
	}
	if !c.lendable() {
		return &uv.OpError{Op: op, Err: uv.ErrInCallback}
	}
	if inside != 0 { // a callback that is lent already: Lend takes the loop back
		if c.lend.take(inside) {
			c.suspend()
		}
		fn()
		return nil
	}
	r := c.suspend()
	defer c.resume(r)
	fn()
	return nil
}

// inCallback tells whether the calling goroutine runs a callback of the loop.
func (c *Core) inCallback() bool {
	return c.life.running.Load() && c.owner.isSelf()
}

// lendable tells whether another goroutine may run the loop: not if it belongs to a host,
// or to a thread.
func (c *Core) lendable() bool { return !c.life.adopted && !c.cfg.Locked }

// suspend takes the callback that runs out of the loop, and gives the baton to another
// goroutine. What it returns is to be resumed.
func (c *Core) suspend() *runner {
	b := &c.baton
	r := b.holder
	c.lend.inside.Store(0)
	r.call.task, c.task = c.task, nil
	if b.unsettled {
		c.batch.phase, r.call.phase = r.call.phase, c.batch.phase
	} else {
		r.call.phase = c.batch.phase
	}
	r.spent = c.meter.away()
	c.meter.blocks.Inc()
	c.meter.blocked.Inc()
	if !r.call.blocked {
		r.call.blocked = true
		c.keep(&r.call)
	}
	b.unsettled = false
	b.blocked++
	c.giveAway()
	return r
}

// resume takes the baton back for a callback that suspend took out of the loop.
func (c *Core) resume(r *runner) {
	c.takeBack(r)
	b := &c.baton
	b.blocked--
	c.meter.blocked.Dec()
	c.meter.resume(r.spent)
	b.unsettled = true
	c.task, r.call.task = r.call.task, nil
	c.batch.phase, r.call.phase = r.call.phase, c.batch.phase
}

// settle ends what suspend began, when the callback has returned: events that have waited
// for it are due.
func (c *Core) settle(r *runner) {
	c.baton.unsettled = false
	c.batch.phase = r.call.phase
	k := r.call
	r.call = call{}
	c.unkeep(&k)
}

// Task returns what SetTask stored in the callback that runs.
func (c *Core) Task() any { return c.task }

// SetTask stores what the callback that runs is about, for a panic handler. It stays with
// the callback while that blocks, until the next SetTask.
func (c *Core) SetTask(v any) { c.task = v }
