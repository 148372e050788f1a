package server

import "bytes"

// A callback of the handler's may end its goroutine in a function of core.Core.Lend, as an HTTP handler may that
// uvhttp calls. The loop goes on without that goroutine, on another one (see worker.run). What would have followed the
// callback then follows in the next turn.

// exited sees to what follows a callback that has not returned. It runs in a deferred function of the caller.
func (c *Conn) exited(returned *bool) {
	if *returned || !c.worker.core.LentExits() {
		return
	}
	if m := c.more.Load(); m != nil && c.is(hasEarly) {
		m.early = bytes.Clone(m.early) // it is borrowed
	}
	_ = c.worker.loop.Post(c.goOn) // fails only once the loop has ended
}

// exitedTLS is exited for a callback that records were handed out to: those behind them are kept.
func (c *Conn) exitedTLS(returned *bool) {
	if !*returned && c.worker.core.LentExits() {
		t := c.secured()
		t.rest = append(t.rest, t.behind...)
		t.busy, t.behind = false, nil
		c.exited(returned)
	}
}

// exitedFrames ends a scan. If Frame has not returned, what follows the frame is kept, and behind it the peer's
// EOF (ended).
func (c *Conn) exitedFrames(returned *bool, scan *frameScan, ended bool) {
	if !*returned && c.worker.core.LentExits() {
		left := append(bytes.Clone(scan.rest), scan.behind...)
		c.dropFrames()
		if len(left) > 0 || ended {
			s := c.frames.own(c)
			s.buf = append(s.buf[:0], left...)
			s.stalled, s.ended = true, ended
		}
		c.exited(returned)
	}
	c.worker.scans.end(c)
}

// goOn does what follows a callback, whichever it was.
func (c *Conn) goOn() {
	if c.closes() {
		return
	}
	if c.is(hasEarly) {
		m := c.more.Load()
		if m.proxied.begun = true; m.early == nil { // Data has had it
			c.facts &^= hasEarly
		}
		c.takeEarly()
	}
	if c.is(hasTLS) && c.secured().conn.Established() {
		c.resumeTLS()
	}
	if !c.closes() {
		c.setReading()
		if c.stalled() {
			c.wakeFrames()
		}
		c.endIfBoth()
		c.closeIfIdle()
	}
}

// endIfBoth closes the connection if both sides have ended.
func (c *Conn) endIfBoth() {
	if c.reads == readEnded && c.writes != writeOpen && !c.closes() && c.unsent() == 0 {
		c.closeNow()
	}
}
