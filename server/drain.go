package server

import "golang.org/x/sys/unix"

// Shutdown begins in each worker by drain. What clients have sent before that is to be answered, although the
// kernel has it:
//
//	       drain                  two turns accept nothing, or the bound       ShutdownGrace
//	runs ─────────▶ gathering ───────────────────────────────────────▶ grace ───────────────▶ closing
//	                    ▲                                                │                       │
//	                    └────────────────────────────────────────────────┴───────────────────────┘
//	                       a listener that waits for MaxConns has got a place
//
// While it gathers, the worker accepts what the listeners' backlogs hold, and closes no connection. Its turns do not
// block. Then it closes the listeners, but for those that wait for a place of MaxConns, and, when the grace is over, each
// connection as soon as no work is under way. A connection is asked once, when it is to be closed, whether the kernel has bytes
// of it: these are read first.

// gathering is what a worker needs to know while it drains.
type gathering struct {
	on       bool
	arrivals int // connections that listeners have accepted since drain
	seen     int // of them at the end of the last turn; -1: that turn does not count
	quiet    int // turns in a row that have accepted none
}

// aheadMax is how many connections a listener may have accepted, beside those in its backlog.
const aheadMax = 65

// drain begins the graceful end.
func (w *worker) drain() {
	if w.draining {
		return
	}
	w.draining = true
	w.closePackets()
	if t, err := w.loop.AfterFunc(w.server.CloseTimeout, w.expireAnswers); err == nil {
		t.Unref()
		w.answerTimer = t
		w.gather()
		return
	}
	w.expireAnswers()
}

// gather accepts what the backlogs hold, from the next turn on.
func (w *worker) gather() {
	g := &w.gathering
	if g.seen = -1; !g.on && !w.answersExpired {
		g.on = true
		w.loop.Defer((*gatherTurn)(w))
	}
}

// A gatherTurn is a worker at the begin of a turn in which it gathers, which does not block.
type gatherTurn worker

// Deliver looks at the end of the turn what it has brought.
func (t *gatherTurn) Deliver() { t.core.AfterEvents((*gathered)(t)) }

// gathered is a worker at the end of such a turn.
type gathered worker

// Deliver goes on until turns accept nothing more.
func (t *gathered) Deliver() {
	w := (*worker)(t)
	g := &w.gathering
	if !g.on {
		return
	}
	if g.quiet++; g.arrivals != g.seen {
		g.quiet, g.seen = 0, g.arrivals
	}
	if g.quiet < 2 && !w.acceptedEnough() {
		w.loop.Defer((*gatherTurn)(w))
		return
	}
	w.endGathering()
}

// acceptedEnough tells whether the listeners have accepted all that can have come before Shutdown: a flood of new
// connections must not hold it up.
func (w *worker) acceptedEnough() bool {
	return w.gathering.arrivals > len(w.listeners)*(w.server.Backlog+aheadMax)
}

// endGathering closes listeners, and connections without work under way.
func (w *worker) endGathering() {
	w.gathering.on = false
	wait := w.listeners[:0]
	for _, l := range w.listeners {
		if l.waiting != nil && !w.answersExpired && !w.acceptedEnough() {
			wait = append(wait, l) // admitted gathers again
		} else {
			l.close()
		}
	}
	clear(w.listeners[len(wait):])
	if w.listeners = wait; len(wait) == 0 {
		w.stopListening()
	}
	if w.beginGrace() {
		w.checkDrained() // there may be no connection
		return
	}
	w.closeIdle()
	w.checkDrained()
}

// beginGrace leaves idle connections open for a while, once. It tells whether they are to stay open now.
func (w *worker) beginGrace() bool {
	d := w.server.ShutdownGrace
	if d == 0 || w.answersExpired {
		return false
	}
	if w.grace == nil {
		t, err := w.loop.AfterFunc(d, w.endGrace)
		if err != nil {
			return false
		}
		t.Unref()
		w.grace, w.inGrace = t, true
	}
	return w.inGrace
}

// endGrace closes the connections on which no work is under way.
func (w *worker) endGrace() {
	w.inGrace = false
	w.closeIdle()
	w.checkDrained()
}

// stopListening tells ListenersClosed, once, that this worker has closed its listeners.
func (w *worker) stopListening() {
	if w.silent {
		return
	}
	w.silent = true
	w.flush() // so that the sockets are closed
	if s := w.server; int(s.silentCount.Add(1)) == len(s.workers) {
		close(s.silent)
	}
}

// expireAnswers ends the wait for answers that no Hold has announced: after CloseTimeout
// they are not expected any more.
func (w *worker) expireAnswers() {
	w.answersExpired, w.inGrace = true, false
	w.endGathering()
}

// checkDrained tells Shutdown once no connection is open, and no listener may bring one. The listeners of other workers count
// first: what they have handed over was counted before they closed, although this loop may not have come to it yet.
func (w *worker) checkDrained() {
	if w.draining && !w.gathering.on && len(w.listeners) == 0 && w.open.Load() == 0 && w.server.distributors.Load() == 0 && w.handed.Load() == 0 {
		select {
		case <-w.drained:
		default:
			close(w.drained)
			if s := w.server; int(s.emptyCount.Add(1)) == len(s.workers) {
				s.setEmpty()
			}
		}
	}
}

// hasUnread tells whether the kernel has bytes, or the end, of a connection that is read, or will be. During
// a TLS handshake what counts is the client's answer to ours, which the request may follow.
func (c *Conn) hasUnread() bool {
	if c.reads != receiving || c.is(isDialed) {
		return false
	}
	if c.shaking() {
		switch conn := c.secured().conn; {
		case !conn.Started():
			return false
		case conn.Working():
			return true
		}
	}
	fd, err := c.stream.FD()
	if err != nil {
		return false
	}
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(p, 0)
	return err == nil && n > 0
}

// lookedAt notes that what the kernel had when the connection was to be closed has been read: when that makes no work, the next
// turn closes it.
func (c *Conn) lookedAt() {
	c.facts &^= unlooked
	c.worker.loop.Defer((*answeredConn)(c))
}
