package core

import (
	"runtime"
	"runtime/trace"
	"time"

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
	return len(w.deferred) > 0 || w.next < len(w.ready) || w.lastAt < len(w.last) || c.posted() || c.ring.Pending() > 0 || len(c.kept.released) > 0
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
	c.baton.enter()
	c.meter.enter()
	enterRunning(c)
	return nil
}

// End gives the loop back, also when a callback called runtime.Goexit.
func (c *Core) End() {
	leaveRunning(c)
	c.baton.holder.endTurn()
	c.baton.leave()
	c.meter.leave()
	c.batch.phase = nil
	c.life.goexit = false
	c.turn.stage = over
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

// cross makes the crossing of a turn. It raises the parked flag before its last look at
// the queue. A goroutine that posts looks at the flag after it has put its function into
// the queue. So one of the two always sees the other. So it is with goroutines that want the
// baton.
func (c *Core) cross(block, force bool) {
	c.ring.RenewArena()
	c.baton.holder.endTurn()
	c.meter.depart()
	var waited time.Duration
	if trace.IsEnabled() {
		waited = c.traceLook(block, force)
	} else {
		waited = c.look(block, force)
	}
	c.meter.arrive(c.ring.Pending(), waited, c.turn.once)
	if trace.IsEnabled() {
		c.beginTurn()
	}
}

// look is cross without its notes. It returns how long the loop has waited.
func (c *Core) look(block, force bool) (waited time.Duration) {
	if !block || c.waiting() || c.ending() {
		c.ring.Turn(cuv.RunNoWait, force)
		return 0
	}
	if c.park.file != nil {
		c.park.turns = 0
		c.wait(force)
		c.park.extra += c.park.turns - 1
		return c.meter.takeWaited()
	}
	c.waking.parked.Store(true)
	mode := cuv.RunOnce
	if c.called() {
		mode = cuv.RunNoWait
		c.awaitWakers()
	}
	c.ring.SetBusyPoll(c.busy.window())
	if !cuv.MeasuresWaits && mode == cuv.RunOnce {
		c.meter.park()
	}
	c.ring.Turn(mode, force)
	c.waking.parked.Store(false)
	if !cuv.MeasuresWaits {
		c.meter.unpark()
		return c.meter.takeWaited()
	}
	if waited = c.ring.Waited(); waited != 0 {
		c.busy.note(waited)
	}
	return waited
}

// called tells whether another goroutine wants something of the loop: a post, the baton, the end.
func (c *Core) called() bool { return c.posted() || c.baton.wanted.Load() != 0 || c.ending() }

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

// Turn runs one round: idle and prepare callbacks, one crossing, and the events that it
// brought. block lets the crossing wait for an event. alive says that the caller has found
// the loop alive. While callbacks block, further turns follow.
func (c *Core) Turn(block, alive bool) error {
	c.turn = turn{once: true, block: block}
	c.begin(alive)
	return c.run()
}

// Run turns the loop until no work is left, Stop or Interrupt, and no callback blocks. As in
// uv_run, the loop has to be alive before the first timers run, not after them: a round follows
// the timers even if they leave nothing to do.
func (c *Core) Run() error {
	defer c.life.stop.Store(false) // a panic that ended the run leaves no Stop for the next
	c.turn = turn{stage: first, block: true, alive: c.Alive()}
	return c.run()
}

// run drives the run that c.turn describes to its end.
func (c *Core) run() error {
	ended := false
	defer func() {
		if !ended {
			c.life.goexit = true // a callback on this goroutine has called runtime.Goexit
			c.runOut(c.baton.home.exited)
		}
	}()
	c.drive(c.baton.home)
	if c.life.goexit {
		runtime.Goexit()
	}
	ended = true
	return c.consumeErr()
}

// runOut goes on until no callback blocks, however many callbacks call runtime.Goexit meanwhile. lent tells whether all that have done so
// were functions of Lend: LentGoexit is to say that of the whole run, and not of the callbacks that run here and return.
func (c *Core) runOut(lent bool) {
	home := c.baton.home
	home.exited = false
	ended := false
	defer func() {
		if !ended {
			c.runOut(lent && home.exited)
			return
		}
		home.exited = lent
	}()
	if c.baton.unsettled || c.baton.blocked > 0 {
		c.drive(c.baton.home)
	}
	ended = true
}

// Waiting tells whether something waits to be delivered, so that the next turn
// does not block.
func (c *Core) Waiting() bool { return c.waiting() }

// Busy tells whether handles are open or anything is under way.
func (c *Core) Busy() bool { return !c.Closed() && (c.slots.handles > 0 || c.Alive()) }
