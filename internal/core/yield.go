package core

// sched is when the loop's goroutine let others run.
type sched struct {
	last   uint64 // when it did last, in ms of the loop's clock
	rested bool   // it has in this turn
}

// yieldMS is how long a loop runs before it lets others run. It is less than the 10 ms after
// which Go's monitor thread preempts a goroutine. From a goroutine that is mostly in C the
// monitor takes the processor instead, every 20 µs or so.
const yieldMS = 5

// yield lets other goroutines run now and then, however busy the loop is.
func (c *Core) yield() {
	now := c.ring.NowMS()
	if now-c.profile.at >= relabelMS {
		c.relabel()
	}
	if c.sched.due(now) {
		c.meter.rest()
	}
}

// due tells whether the loop should yield now, and notes that it does. Where another
// goroutine computes, a yield takes as long as Go's time slice. So the loop makes none if
// its goroutine has yielded in this turn already.
func (s *sched) due(nowMS uint64) bool {
	rested := s.rested
	s.rested = false
	if !rested && nowMS-s.last < yieldMS {
		return false
	}
	s.last = nowMS
	return !rested
}

// Rest lets other goroutines run, for example in a function of OnBatch. The loop does not do so again in this turn.
func (c *Core) Rest() {
	c.sched.rested = true
	c.meter.rest()
}
