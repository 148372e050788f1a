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
	foreign atomic.Bool  // somebody else may wait for its descriptor
}

// BackendFD returns the descriptor that polls all others, to be polled by a
// foreign loop: from now on it becomes readable also for what is posted while
// the loop does not run. -1 after Close.
func (c *Core) BackendFD() int {
	if c.Closed() {
		return -1
	}
	c.waking.foreign.Store(true)
	return c.ring.BackendFD()
}

// wake ends the loop's wait, if it waits.
func (c *Core) wake() {
	if c.waking.parked.Load() && c.waking.parked.CompareAndSwap(true, false) || c.waking.foreign.Load() && !c.life.running.Load() {
		if c.waking.wakers.Add(1) > 0 {
			c.interrupt()
		}
		c.waking.wakers.Add(-1)
	}
}

// interrupt makes a wait return. A goroutine parked on Go's netpoller takes no
// system call: its watch gets a deadline.
func (c *Core) interrupt() {
	if c.park.file != nil && c.life.running.Load() {
		_ = c.park.file.SetReadDeadline(past)
		return
	}
	c.ring.Wake()
}

// past is a deadline that ends a wait at once.
var past = time.Unix(1, 0)

// lockOut makes wakers leave the C loop alone, and waits for those at it.
func (c *Core) lockOut() {
	for c.waking.wakers.Add(-lockedOut); c.waking.wakers.Load() > -lockedOut; {
		runtime.Gosched()
	}
}

// lockedOut is far more than there can be wakers.
const lockedOut = 1 << 30

// letIn takes lockOut back.
func (c *Core) letIn() { c.waking.wakers.Add(lockedOut) }

// Wake ends the loop's wait, from any goroutine.
func (c *Core) Wake() {
	if !c.Closed() {
		c.wake()
	}
}
