package server

// A connection has work under way while its handler owes an answer: from Data or EOF until the
// next Write, while a Drainer waits for Drain, and from Hold until Release. Shutdown closes
// such a connection when the work is done:
//
//	       Shutdown, no work             the peer's end, or CloseTimeout
//	open ─────────────────────▶ closing ──────────────────────────────────▶ streamClosed
//	  │                            ▲
//	  │ Shutdown, work under way   │ the work is done, or CloseTimeout has passed
//	  └──────────▶ open ───────────┘ and nobody holds the connection
//
// Any goroutine may change the count of Hold and Release; all else belongs to the loop's.

// awaited is the bit of Conn.work that says that the loop wants to know of the
// Release that leaves nothing held; hold is one Hold.
const (
	awaited = 1
	hold    = 2
)

// Hold says that work for the connection is under way, such as a goroutine that
// will answer: until Release neither Shutdown nor the peer's EOF ends the
// connection, and IdleTimeout does not end it either. Each Hold needs a Release. Close and Abort
// do not wait for Release. A connection is held by itself while a callback of it is in
// Loop().Block. Any goroutine may call Hold.
func (c *Conn) Hold() {
	if c != nil {
		c.work.Add(hold)
	}
}

// Release ends a Hold, once the loop has run what was posted to it before. Without a
// Hold it does nothing. Any goroutine may call it.
func (c *Conn) Release() {
	for c != nil {
		n := c.work.Load()
		if n < hold {
			return
		}
		if c.work.CompareAndSwap(n, n-hold) {
			if n-hold == awaited {
				_ = c.worker.loop.Post(c.released) // fails only once the connection is gone
			}
			return
		}
	}
}

// held tells whether Hold was called without Release. If so, the last Release posts
// released to the loop.
func (c *Conn) held() bool {
	if c.work.Load() < hold {
		return false
	}
	c.work.Or(awaited)
	return c.work.Load() >= hold
}

// released runs when nothing is held any more.
func (c *Conn) released() {
	if c.is(idleTimed) { // which Hold had suspended
		c.active = c.worker.tick()
	}
	switch {
	case c.closes() || c.held():
	case c.reads == readEnded && c.on().eof == nil, c.reads == discarding: // see finalFrame
		c.close()
	default:
		c.closeIfIdle()
	}
}

// busy tells whether work is under way. After CloseTimeout only Hold counts.
func (c *Conn) busy() bool {
	w := c.worker
	if c.is(isDialed) && w.acceptedOpen() { // they may need it
		return true
	}
	return c.held() || !w.answersExpired && (c.facts&(owesAnswer|unlooked) != 0 || c.reads == receiving && c.hasStalled() ||
		c.on().drainer != nil && c.flow.Full())
}

// hasStalled tells whether frames or records that have been read wait for the handler.
func (c *Conn) hasStalled() bool {
	return c.stalled() || c.secured().stalled() && !c.shaking()
}

// closeIfIdle closes the connection if the server drains and no work is under way.
func (c *Conn) closeIfIdle() {
	w := c.worker
	if !w.draining || c.closes() && c.writes != connecting || c.busy() {
		return
	}
	if !c.is(looked) && !w.answersExpired {
		if w.gathering.on || w.inGrace && w.acceptedOpen() {
			return
		}
		if c.facts |= looked; c.hasUnread() {
			c.facts |= unlooked
			return
		}
	}
	if c.is(inHandshake) { // nothing was promised
		c.closeNow()
		return
	}
	c.closeGracefully()
}

// answered notes that the handler has written or ended our side. While the server
// drains, that may complete the work. The next turn decides it, because this turn may write
// more.
func (c *Conn) answered() {
	c.facts &^= owesAnswer
	if w := c.worker; w.draining && !c.closes() {
		w.loop.Defer((*answeredConn)(c))
	}
}

// An answeredConn is a Conn that has answered while the server drains.
type answeredConn Conn

// Deliver closes the connection if no work is under way any more.
func (a *answeredConn) Deliver() { (*Conn)(a).closeIfIdle() }
