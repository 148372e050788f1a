package core

import (
	"runtime"
	"sync/atomic"
	"time"
)

// waking is how other goroutines end the loop's wait.
type waking struct {
	wakers  atomic.Int32 // goroutines that are waking the loop, see lockOut
	parked  atomic.Bool  // the loop waits, or is about to
	foreign atomic.Bool  // another loop may poll the backend descriptor
}

// BackendFD returns the descriptor that polls all others, so that another loop can poll
// it. From now on it also becomes readable for what is posted while the loop does not run.
// -1 after Close.
func (c *Core) BackendFD() int {
	if c.Closed() {
		return -1
	}
	c.waking.foreign.Store(true)
	return c.ring.BackendFD()
}

// wake ends the loop's wait, if it waits.
func (c *Core) wake() {
	if !c.waking.parked.Load() && !c.elsewhere() {
		return
	}
	// The count goes up before the flag goes down; see awaitWakers.
	if c.waking.wakers.Add(1) > 0 && (c.waking.parked.CompareAndSwap(true, false) || c.elsewhere()) {
		c.interrupt()
	}
	c.waking.wakers.Add(-1)
}

// elsewhere tells whether another loop may poll the backend descriptor now.
func (c *Core) elsewhere() bool { return c.waking.foreign.Load() && !c.life.running.Load() }

// awaitWakers is for a loop that has raised the parked flag, and then found that it must
// not wait. If a goroutine has seen the flag, that goroutine is about to end the poll.
// It does so before awaitWakers returns. So this turn's poll takes the wake-up, which would
// otherwise end a later wait with nothing to deliver.
func (c *Core) awaitWakers() {
	if c.waking.parked.CompareAndSwap(true, false) {
		return
	}
	for c.waking.wakers.Load() > 0 {
		runtime.Gosched()
	}
}

// interrupt makes a wait return. If the loop is parked on Go's netpoller, that takes no
// system call: the watch gets a deadline in the past.
func (c *Core) interrupt() {
	if c.park.file != nil && c.life.running.Load() {
		_ = c.park.file.SetReadDeadline(past)
		return
	}
	c.ring.Wake()
}

// past is a deadline that ends a wait at once.
var past = time.Unix(1, 0)

// lockOut keeps wakers away from the C loop, and waits for those that use it now.
func (c *Core) lockOut() {
	for c.waking.wakers.Add(-lockedOut); c.waking.wakers.Load() > -lockedOut; {
		runtime.Gosched()
	}
}

// lockedOut is far more than there can be wakers, so the count is negative while they are
// locked out.
const lockedOut = 1 << 30

// letIn ends what lockOut began.
func (c *Core) letIn() { c.waking.wakers.Add(lockedOut) }

// Wake ends the loop's wait, from any goroutine.
func (c *Core) Wake() {
	if !c.Closed() {
		c.wake()
	}
}
