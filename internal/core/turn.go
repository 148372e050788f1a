package core

import "github.com/uvgo/uvgo/cuv"

// A turn is how far a run has come. It belongs to the holder of the baton: whichever goroutine
// that is, it goes on from here.
//
//	first ─▶ deliver ─▶ timers ─▶ deliver ─▶ head ─▶ idle ─▶ prepare ─▶ cross ─▶ deliver ─▶ head …
//	                                          │
//	                                          └─▶ over
type turn struct {
	stage stage
	next  stage // behind deliver and after
	once  bool  // the run has one turn, but for callbacks that block
	extra bool  // that turn has ended, and others follow because callbacks block
	block bool  // the crossing may wait
	alive bool  // the loop was found alive for the next turn
	force bool  // the crossing runs a round even if C has no work any more
}

// stage is what comes next in a run.
type stage uint8

const (
	over    stage = iota // the run has ended
	first                // a run begins: deliver what waits
	timers               // run the timers that are due
	head                 // see whether a turn follows
	idling               // idle callbacks
	prepare              // prepare callbacks
	crossing
	delivering // what the crossing brought
	after      // functions of OnBatch
)

// drive runs the loop on the goroutine of r, which holds the baton: until the run is over,
// or, if r is a guest, until the baton has been passed on.
func (c *Core) drive(r *runner) {
	for !c.protect(r) {
	}
}

// protect advances the run and catches a callback's panic. It reports whether there was
// none. A runtime.Goexit passes through.
func (c *Core) protect(r *runner) (done bool) {
	defer func() {
		if done {
			return
		}
		if v := recover(); v != nil {
			c.caught(v)
		}
	}()
	c.advance(r)
	return true
}

// advance goes from stage to stage. Between any two callbacks it settles what blocked
// callbacks have left, and passes the baton on. What it then does it finds in c.turn.
func (c *Core) advance(r *runner) {
	t := &c.turn
	for {
		if c.baton.unsettled {
			c.settle(r)
		}
		if c.kept.current != nil {
			c.dropKept()
		}
		if c.baton.wanted.Load() != 0 && !c.passOn(r) {
			return
		}
		if c.batch.err != nil && c.baton.blocked == 0 {
			c.fail()
		} else if len(c.kept.released) > 0 {
			c.release()
			continue
		}
		switch t.stage {
		case over:
			if c.baton.blocked == 0 {
				c.holdForBlocked(false)
				return
			}
			t.stage, t.extra, t.block = head, t.once, true
		case first:
			c.startBatch()
			t.stage, t.next = delivering, timers
		case timers:
			if t.stage, t.next = delivering, head; c.ending() {
				t.stage = over
				continue
			}
			c.meter.depart()
			c.ring.Turn(cuv.RunTimers, false)
			c.meter.arrive(c.ring.Pending(), 0, t.once)
			c.startBatch()
		case head:
			c.head()
		case idling:
			if c.runPhase() {
				c.startPhase(&c.phases.prepare)
				t.stage = prepare
			}
		case prepare:
			if c.runPhase() {
				c.endPhase()
				t.stage = crossing
			}
		case crossing:
			if c.baton.blocked == 0 { // the last one may have returned since head
				if c.holdForBlocked(false); t.extra {
					t.stage = over
					continue
				}
			}
			c.cross(t.block, t.force)
			c.startBatch()
			t.stage, t.next = delivering, head
			if t.once {
				t.next = over
			}
		case delivering:
			if c.runBatch() {
				t.stage = after
			}
		case after:
			if c.runAfter() {
				if t.stage = t.next; t.stage == head {
					c.yield()
				}
			}
		}
	}
}

// fail ends the run because of a panic. The functions of OnBatch still run. Events that have
// not been delivered wait for the next run.
func (c *Core) fail() {
	switch t := &c.turn; t.stage {
	case idling, prepare:
		c.endPhase()
		t.stage = over
	case delivering:
		t.stage, t.next = after, over
	case after:
		t.next = over
	default:
		t.stage = over
	}
}

// head decides whether another turn takes place, and begins it.
func (c *Core) head() {
	t := &c.turn
	blocked := c.baton.blocked > 0
	look := !blocked && c.holdForBlocked(false) || !c.ring.WasAlive()
	if c.ending() || t.once && !blocked {
		t.stage = over
		return
	}
	if !t.alive && (look || len(c.phases.idle.list)+len(c.phases.prepare.list) > 0) {
		if t.alive = c.Alive(); !t.alive {
			if !blocked {
				t.stage = over
				return
			}
			c.holdForBlocked(true) // the wait is for the callbacks without the baton
		}
	}
	c.begin(t.alive)
}

// begin begins a turn. alive says that the loop has been found alive, as uv_run looks before a
// round. Then the whole round takes place, even if C has no work, or has none any more.
func (c *Core) begin(alive bool) {
	t := &c.turn
	c.phases.round++
	t.force, t.alive = alive, false
	t.stage = crossing
	if len(c.phases.idle.list) > 0 || len(c.phases.prepare.list) > 0 {
		t.force = true
		c.startPhase(&c.phases.idle)
		t.stage = idling
	}
}

// ending tells whether the run is to end: Stop or Interrupt was called, or a callback has
// ended its goroutine, and no callback is without the baton.
func (c *Core) ending() bool {
	return (c.life.stop.Load() || c.life.cancel.Load() || c.life.goexit) && c.baton.blocked == 0
}
