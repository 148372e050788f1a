package core

import "runtime"

// sched is when the loop's goroutine let others run.
type sched struct {
	last   uint64 // when it did last, in ms of the loop's clock
	rested bool   // it has in this turn
	yields uint64 // how often it did by itself
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
	case c.sched.rested:
		c.sched.rested = false
		c.sched.last = now
	case now-c.sched.last >= yieldMS:
		c.sched.last = now
		c.sched.yields++
		runtime.Gosched()
	}
}

// Rested tells the loop that its goroutine has let others run in this turn: by a
// yield in a function of OnBatch, say.
func (c *Core) Rested() { c.sched.rested = true }
