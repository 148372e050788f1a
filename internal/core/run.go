package core

import (
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// Alive tells whether there is work left: active referenced handles, requests, or
// anything that waits to be delivered. C function uv_loop_alive.
//
// https://docs.libuv.org/en/v1.x/loop.html
func (c *Core) Alive() bool {
	if c.Closed() {
		return false
	}
	if !c.Owned() {
		c.Complain("loop alive")
		return false
	}
	if c.waiting() {
		return true
	}
	if c.ring.Submitted() > 0 || c.ring.Stale() {
		c.ring.Flush()
	}
	return c.ring.WasAlive() || c.ring.Pending() > 0
}

// waiting tells whether Go has something to deliver.
func (c *Core) waiting() bool {
	w := &c.batch
	return len(c.batch.deferred) > 0 || w.next < len(w.ready) || c.posted() || c.ring.Pending() > 0
}

// Begin claims the loop for the calling goroutine.
func (c *Core) Begin(op string) error {
	if err := c.usable(op); err != nil {
		return err
	}
	if !c.life.running.CompareAndSwap(false, true) {
		return &uv.OpError{Op: op, Err: uv.ErrRunning}
	}
	if c.life.closed.Load() { // by another goroutine, just now
		c.life.running.Store(false)
		return &uv.OpError{Op: op, Err: uv.ErrClosed}
	}
	c.own()
	return nil
}

// End gives the loop back, also when a callback called runtime.Goexit.
func (c *Core) End() {
	c.batch.phase = nil
	c.waking.parked.Store(false)
	c.disown()
	c.life.running.Store(false)
}

// Stop ends Run after the batch that is being dispatched; if none runs, the
// next run does nothing. Any goroutine may call it.
func (c *Core) Stop() {
	if c.Closed() {
		return
	}
	c.life.stop.Store(true)
	c.Wake()
}

// Interrupt ends a Run that is under way, as Stop does, and leaves no trace for
// the next.
func (c *Core) Interrupt() {
	c.life.cancel.Store(true)
	c.Wake()
}

// Stopped tells whether Stop was called, and forgets that.
func (c *Core) Stopped() bool { return c.life.stop.CompareAndSwap(true, false) }

// ClearInterrupt forgets an Interrupt meant for an earlier run.
func (c *Core) ClearInterrupt() { c.life.cancel.Store(false) }

// ended tells whether Stop or Interrupt was called.
func (c *Core) ended() bool { return c.life.stop.Load() || c.life.cancel.Load() }

// RunTimers delivers what waits, and then runs the timers that are due, as uv_run does
// before its first round in default mode.
func (c *Core) RunTimers() error {
	c.runBatch()
	if c.batch.err != nil || c.ended() {
		return c.consumeErr()
	}
	c.ring.Turn(cuv.RunTimers, false)
	c.runBatch()
	return c.consumeErr()
}

// Turn runs one round: idle and prepare callbacks, one crossing, and the events that it
// brought. block lets the crossing wait for an event. alive says that the caller has found
// the loop alive, as uv_run looks before a round. Then the whole round takes place, even
// if C has no work, or has none any more.
func (c *Core) Turn(block, alive bool) error {
	c.phases.round++
	force := alive
	if len(c.phases.idle.list) > 0 || len(c.phases.prepare.list) > 0 {
		force = true
		c.runPhase(&c.phases.idle)
		if c.batch.err == nil {
			c.runPhase(&c.phases.prepare)
		}
		if c.batch.err != nil {
			return c.consumeErr()
		}
	}
	c.cross(block, force)
	c.runBatch()
	return c.consumeErr()
}

// cross makes the crossing of a turn. It raises the parked flag before its last look at
// the queue. A goroutine that posts looks at the flag after it has put its function into
// the queue. So one of the two always sees the other.
func (c *Core) cross(block, force bool) {
	if !block || c.waiting() || c.ended() {
		c.ring.Turn(cuv.RunNoWait, force)
		return
	}
	if c.park.file != nil {
		c.park.turns = 0
		c.wait(force)
		c.park.extra += c.park.turns - 1
		return
	}
	c.waking.parked.Store(true)
	mode := cuv.RunOnce
	if c.posted() || c.ended() {
		mode = cuv.RunNoWait
		c.awaitWakers()
	}
	c.ring.SetBusyPoll(c.busy.window())
	c.ring.Turn(mode, force)
	c.waking.parked.Store(false)
	if d := c.ring.Waited(); d != 0 {
		c.busy.note(d)
	}
}

// Round returns the number of the turn under way.
func (c *Core) Round() uint64 { return c.phases.round }

// consumeErr returns the panic that ended a batch, once.
func (c *Core) consumeErr() error {
	if p := c.batch.err; p != nil {
		c.batch.err = nil
		return p
	}
	return nil
}

// Run turns the loop until no work is left, Stop or Interrupt. As in uv_run, the loop has
// to be alive before the first timers run, not after them: a round follows the timers even
// if they leave nothing to do.
func (c *Core) Run() error {
	defer c.life.stop.Store(false) // a panic that ended the run leaves no Stop for the next
	alive := c.Alive()
	if err := c.RunTimers(); err != nil {
		return err
	}
	for !c.ended() {
		if !alive && (len(c.phases.idle.list)+len(c.phases.prepare.list) > 0 || !c.ring.WasAlive()) {
			if alive = c.Alive(); !alive {
				break
			}
		}
		if err := c.Turn(true, alive); err != nil {
			return err
		}
		alive = false
		c.yield()
	}
	return nil
}

// Waiting tells whether something waits to be delivered, so that the next turn
// does not block.
func (c *Core) Waiting() bool { return c.waiting() }

// Busy tells whether handles are open or anything is under way.
func (c *Core) Busy() bool { return !c.Closed() && (c.slots.handles > 0 || c.Alive()) }
