package server

import (
	"time"

	"github.com/uvgo/uvgo/uv"
)

// What is due for a connection depends on its state: CloseTimeout while it closes,
// HandshakeTimeout while it is in the handshake, then IdleTimeout and WriteTimeout.
//
// None comes early by the loop's clock. Each comes at most a grain late (see wheel.go), and what Conn.active rounds.

// maxTimeout is the longest timeout that Conn.active can tell from a short one. Longer ones
// are none.
const maxTimeout = 365 * 24 * time.Hour

// activeUnit is the unit of Conn.active. Its 32 bits then last for more than two years.
const (
	activeUnit   = activeUnitMS * time.Millisecond
	activeUnitMS = 16
)

// never is the time of what is not due.
const never = time.Duration(1<<63 - 1)

// tick is now for Conn.active, without the checks of Loop.Now: every message asks for it.
func (w *worker) tick() uint32 { return uint32((w.core.Ring().NowMS() + w.ahead + 1) / activeUnitMS) }

// lastActive returns when something was read or written, or up to activeUnit later.
func (c *Conn) lastActive(now time.Duration) time.Duration {
	units := time.Duration(int32(uint32(now/activeUnit) - c.active))
	return min(now, now-now%activeUnit-(units-1)*activeUnit)
}

// timeouts returns the connection's IdleTimeout and WriteTimeout, 0 for none.
func (c *Conn) timeouts() (idle, write time.Duration) {
	idle, write = c.worker.server.IdleTimeout, c.worker.server.WriteTimeout
	if m := c.more.Load(); m != nil {
		if c.is(ownIdle) {
			idle = m.idle
		}
		if c.is(ownWrite) {
			write = m.write
		}
	}
	return limited(idle), limited(write)
}

func limited(d time.Duration) time.Duration {
	if d > maxTimeout {
		return 0
	}
	return d
}

// startTimeouts begins IdleTimeout and WriteTimeout: when the connection is open, and when one
// of them has changed.
func (c *Conn) startTimeouts() {
	idle, write := c.timeouts()
	c.facts &^= idleTimed | writeTimed | writeListed
	if idle > 0 {
		c.facts |= idleTimed
	}
	if write > 0 {
		c.facts |= writeTimed
		if c.stream.Buffered() > 0 {
			c.facts |= writeListed
		}
	}
	c.active = c.worker.tick()
	if c.closes() || c.is(inHandshake) {
		return // another timeout is due, and then these begin
	}
	c.worker.conns.move(c)
	c.due(c.worker.now())
}

// wroteTimed notes n written bytes for the timeouts.
func (c *Conn) wroteTimed(n int) {
	w := c.worker
	c.active = w.tick()
	if c.is(stuck) {
		c.more.Load().written += n
	}
	if c.facts&(writeTimed|writeListed) == writeTimed && !c.closes() && !c.is(inHandshake) {
		c.facts |= writeListed
		_, write := c.timeouts()
		_ = w.hang(c, bucketTime(w.now()+write/8, write)) // earlier than what else is due
	}
}

// due handles the bucket's time: it ends the connection, or finds out when something is due
// again.
func (c *Conn) due(now time.Duration) {
	switch {
	case c.writes == streamClosed:
	case c.writes == closing:
		c.expire()
	case c.writes == connecting:
		c.fail(ErrDialTimeout)
	case c.is(inHandshake):
		c.failAs(handshakeTimeout, ErrHandshakeTimeout)
	default:
		if next := c.checkTimeouts(now); next != never {
			if err := c.worker.hang(c, next); err != nil {
				c.fail(err)
			}
		}
	}
}

// checkTimeouts ends a connection that has been idle, or whose peer takes nothing. Otherwise
// it returns when to look again.
func (c *Conn) checkTimeouts(now time.Duration) time.Duration {
	idle, write := c.timeouts()
	next := never
	if write > 0 && c.is(writeListed) {
		switch since, ok := c.stuckSince(now); {
		case !ok:
			c.facts &^= writeListed
		case now-since >= write:
			c.failAs(writeTimeout, ErrWriteTimeout)
			return never
		default:
			next = bucketTime(min(now+write/8, since+write), write)
		}
	}
	if idle > 0 {
		since := c.lastActive(now)
		if now-since >= idle {
			if c.held() {
				since = now
			} else if taken, ok := c.stuckSince(now); ok {
				since = max(since, taken)
			}
		}
		if now-since >= idle {
			c.failAs(idleTimeout, ErrIdleTimeout)
			return never
		}
		next = min(next, bucketTime(since+idle, idle))
	}
	return next
}

// stuckSince tells whether bytes are unsent, and when the kernel was last seen to take some.
func (c *Conn) stuckSince(now time.Duration) (since time.Duration, unsent bool) {
	n := c.unsent()
	if n == 0 {
		c.facts &^= stuck
		return 0, false
	}
	m := c.rare()
	if left := m.queued + m.written; !c.is(stuck) || n < left {
		m.since = now
	}
	c.facts |= stuck
	m.queued, m.written = n, 0
	return m.since, true
}

// beginHandshake starts HandshakeTimeout. Until endHandshake nothing else is due for the
// connection, unless it closes. A second call does nothing, so the PROXY header and the TLS
// handshake together have one HandshakeTimeout.
func (c *Conn) beginHandshake() {
	if c.is(inHandshake) || c.closes() {
		return
	}
	c.facts |= inHandshake
	w := c.worker
	limit := w.server.HandshakeTimeout
	if err := w.hang(c, bucketTime(w.now()+limit, limit)); err != nil {
		c.fail(err)
	}
}

// endHandshake ends HandshakeTimeout, and begins the other timeouts.
func (c *Conn) endHandshake() {
	if c.is(inHandshake) {
		c.facts &^= inHandshake
		c.startTimeouts()
	}
}

// SetIdleTimeout replaces [Server.IdleTimeout] for this connection; 0 means none. The time
// counts from now. EINVAL for a negative d.
func (c *Conn) SetIdleTimeout(d time.Duration) error {
	return c.setTimeout("server: set idle timeout", d, ownIdle, func(m *more) { m.idle = d })
}

// SetWriteTimeout replaces [Server.WriteTimeout] for this connection; 0 means none. The time
// counts from now. EINVAL for a negative d.
func (c *Conn) SetWriteTimeout(d time.Duration) error {
	return c.setTimeout("server: set write timeout", d, ownWrite, func(m *more) { m.write = d })
}

func (c *Conn) setTimeout(op string, d time.Duration, own facts, set func(*more)) error {
	if err := c.use(op); err != nil {
		return err
	}
	if d < 0 {
		return uv.Fail(op, uv.EINVAL)
	}
	set(c.rare())
	c.facts |= own
	c.facts &^= stuck // so what is unsent has the whole new time
	c.startTimeouts()
	return nil
}
