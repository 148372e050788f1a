package uv

import (
	"runtime"

	"github.com/uvgo/uvgo/cuv"
)

// Alive tells whether there is work left: active referenced handles, requests,
// or anything that waits to be delivered. C function uv_loop_alive,
// https://docs.libuv.org/en/v1.x/loop.html.
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
	w := &c.work
	return len(c.ready) > 0 || w.next < len(w.ready) || c.posted() || c.ring.Pending() > 0
}

// Begin claims the loop for the calling goroutine.
func (c *Core) Begin(op string) error {
	if err := c.usable(op); err != nil {
		return err
	}
	if !c.running.CompareAndSwap(false, true) {
		return &OpError{op, ErrRunning}
	}
	if c.closed.Load() { // by another goroutine, just now
		c.running.Store(false)
		return &OpError{op, ErrClosed}
	}
	c.own()
	return nil
}

// End gives the loop back, also when a callback called runtime.Goexit.
func (c *Core) End() {
	c.work.phase = nil
	c.parked.Store(false)
	c.disown()
	c.running.Store(false)
}

// Stop ends Run after the batch that is being dispatched; if none runs, the
// next run does nothing. Any goroutine may call it.
func (c *Core) Stop() {
	if c.Closed() {
		return
	}
	c.stop.Store(true)
	c.Wake()
}

// Interrupt ends a Run that is under way, as Stop does, and leaves no trace for
// the next.
func (c *Core) Interrupt() {
	c.cancel.Store(true)
	c.Wake()
}

// Stopped takes a Stop that came before the run began.
func (c *Core) Stopped() bool { return c.stop.CompareAndSwap(true, false) }

// ClearInterrupt forgets an Interrupt meant for an earlier run.
func (c *Core) ClearInterrupt() { c.cancel.Store(false) }

// ended tells whether Stop or Interrupt was called.
func (c *Core) ended() bool { return c.stop.Load() || c.cancel.Load() }

// RunTimers runs what waits and then the timers that are due, as uv_run does
// before its first round in default mode.
func (c *Core) RunTimers() error {
	c.runBatch()
	if c.work.err != nil || c.ended() {
		return c.takeErr()
	}
	c.ring.Turn(cuv.RunTimers, false)
	c.runBatch()
	return c.takeErr()
}

// Turn runs one round: idle and prepare callbacks, one crossing, and the events
// it brought. block lets it wait for an event. alive says that the caller has found
// the loop alive, as uv_run looks before a round: then all of the round takes place,
// also if C has no work, or none any more.
func (c *Core) Turn(block, alive bool) error {
	c.round++
	force := alive
	if len(c.idle.list) > 0 || len(c.prepare.list) > 0 {
		force = true
		c.runPhase(&c.idle)
		if c.work.err == nil {
			c.runPhase(&c.prepare)
		}
		if c.work.err != nil {
			return c.takeErr()
		}
	}
	c.cross(block, force)
	c.runBatch()
	return c.takeErr()
}

// cross makes the crossing of a turn. The parked flag goes up before the last
// look at the queue, and a posting goroutine looks at the flag after it queued:
// one of the two sees the other.
func (c *Core) cross(block, force bool) {
	if !block || c.waiting() || c.ended() {
		c.ring.Turn(cuv.RunNoWait, force)
		return
	}
	if c.park != nil {
		c.turned = 0
		c.wait(force)
		c.extra += c.turned - 1
		return
	}
	c.parked.Store(true)
	mode := cuv.RunOnce
	if c.posted() || c.ended() {
		mode = cuv.RunNoWait
	}
	c.ring.SetBusyPoll(c.busyPoll.window())
	c.ring.Turn(mode, force)
	c.parked.Store(false)
	if d := c.ring.Waited(); d != 0 {
		c.busyPoll.note(d)
	}
}

// Round returns the number of the turn under way.
func (c *Core) Round() uint64 { return c.round }

// takeErr returns the panic that ended a batch, once.
func (c *Core) takeErr() error {
	if p := c.work.err; p != nil {
		c.work.err = nil
		return p
	}
	return nil
}

// Run turns the loop until no work is left, Stop or Interrupt. uv_run asks whether
// the loop is alive before the first timers, not behind them: a round follows them
// even if they leave nothing to do.
func (c *Core) Run() error {
	defer c.stop.Store(false) // a panic that ended the run leaves no Stop for the next
	alive := c.Alive()
	if err := c.RunTimers(); err != nil {
		return err
	}
	for !c.ended() {
		if !alive && (len(c.idle.list)+len(c.prepare.list) > 0 || !c.ring.WasAlive()) {
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

// yieldMS is how long a loop runs before it lets the scheduler look: less than
// the 10 ms after which Go's monitor thread tries to preempt a goroutine, which
// for one that is mostly in C means to take its processor, every 20 µs or so.
const yieldMS = 5

// yield lets other goroutines run now and then, however busy the loop is. Where
// somebody computes a yield takes as long as Go's time slice, so one is not made behind
// another.
func (c *Core) yield() {
	now := c.ring.NowMS()
	switch {
	case c.rested:
		c.rested = false
		c.yielded = now
	case now-c.yielded >= yieldMS:
		c.yielded = now
		c.yields++
		runtime.Gosched()
	}
}

// Rested tells the loop that its goroutine has let others run in this turn: by a
// yield in a function of OnBatch, say.
func (c *Core) Rested() { c.rested = true }

// Waiting tells whether something waits to be delivered, so that the next turn
// does not block.
func (c *Core) Waiting() bool { return c.waiting() }

// Busy tells whether handles are open or anything is under way.
func (c *Core) Busy() bool { return !c.Closed() && (c.handles > 0 || c.Alive()) }
