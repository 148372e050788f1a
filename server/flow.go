package server

import "github.com/uvgo/uvgo/handles"

// streamTarget is a Conn as its stream sees it: the Conn is told what is read, when to read
// no more and when to go on, since the stream counts what is written, and of the end. So a
// connection needs no function of its own.
type streamTarget Conn

var _ handles.BlockTarget = (*streamTarget)(nil)

// Read handles what was read.
func (t *streamTarget) Read(p []byte, err error) {
	c := (*Conn)(t)
	if c.facts&(readsHeader|unlooked) != 0 {
		c.readFirst(p, err)
		return
	}
	c.data(p, err)
}

// readFirst handles what was read of a PROXY header, or what Shutdown waits for.
func (c *Conn) readFirst(p []byte, err error) {
	if c.is(unlooked) && !c.shaking() {
		c.lookedAt()
	}
	if c.is(readsHeader) {
		c.facts &^= looked // the request may be still to come
		c.more.Load().proxied.read(p, err)
		return
	}
	c.data(p, err)
}

// Closed ends the connection.
func (t *streamTarget) Closed() { (*Conn)(t).closed() }

// Over stops reading: answers to what the peer sends would only make the queue longer.
func (t *streamTarget) Over() {
	c := (*Conn)(t)
	c.count(countedFull, true)
	c.setReading()
}

// Drain reads again, and tells the handler that it may write on.
func (t *streamTarget) Drain() {
	c := (*Conn)(t)
	c.count(countedFull, false)
	c.setReading()
	if d := c.on().drainer; d != nil && c.writes == writeOpen {
		returned := false
		defer c.exited(&returned)
		c.worker.enter(c)
		d.Drain(c)
		c.worker.leave()
		returned = true
	}
	c.closeIfIdle()
}

// Blocked holds the connection while a callback of it blocks: IdleTimeout, and Shutdown, wait
// as for [Conn.Hold].
func (t *streamTarget) Blocked(on bool) {
	if c := (*Conn)(t); on {
		c.Hold()
	} else {
		c.Release()
	}
}

// WriteFailed closes the connection.
func (t *streamTarget) WriteFailed(err error) { (*Conn)(t).fail(err) }

// setReading reads from the stream exactly while everything allows it.
func (c *Conn) setReading() {
	want := c.wantsRead()
	switch reading := c.stream.Reading(); {
	case want && !reading:
		if err := c.stream.ReadStartTarget(); err != nil {
			c.fail(err)
			return
		}
	case !want && reading:
		_ = c.stream.ReadStop() // fails only on a closed stream
	}
	if c.is(hasEarly) && c.reads == receiving && c.takesData() {
		c.worker.loop.Defer((*earlyConn)(c))
	}
	if !want && !c.closes() {
		if c.stalled() {
			c.wakeFrames()
		}
		if c.secured().stalled() {
			c.wakeTLS()
		}
		c.worker.watchHangup(c)
	}
}

// takesData tells whether the handler is to get data, as far as flow control decides it.
func (c *Conn) takesData() bool {
	return (c.is(readsWhileFull) || !c.flow.Over()) && !c.stalled()
}

// wantsRead tells whether the stream is to be read.
func (c *Conn) wantsRead() bool {
	switch c.reads {
	case receiving:
		return c.takesData() && !c.is(hasEarly) && !c.secured().stalled() && c.writes != connecting
	case discarding:
		return true
	}
	return false
}

// Buffered returns how many bytes are unsent. Those written since the last crossing into
// C count, although the kernel may accept them.
func (c *Conn) Buffered() int {
	if !c.mine("server: buffered") {
		return 0
	}
	return c.stream.Buffered()
}

// Full tells whether the high watermark was passed: by what is unsent, or by what was
// written in this turn alone, however fast the kernel accepts it. A handler that has more to
// write then waits for Drain.
func (c *Conn) Full() bool { return c.mine("server: full") && c.flow.Full() }

// ReadWhileFull makes Data go on while the connection is Full, for as long as it is open. A proxy
// needs it, because what it reads from a connection is not written to that connection: each of the two
// is paused only while the other is Full. Otherwise two peers that both write before they read on stop
// each other for good. A handler that answers on the same connection must not call it, or
// must call Pause by itself: else a peer that does not read makes the queue grow up to WriteLimit.
func (c *Conn) ReadWhileFull() {
	if c.mine("server: read while full") && !c.is(readsWhileFull) {
		c.facts |= readsWhileFull
		c.setReading()
	}
}

// Pause stops Data until Resume. Pausing twice, or after Close, does nothing.
func (c *Conn) Pause() {
	if c.mine("server: pause") && c.reads == receiving {
		c.reads = paused
		c.count(countedPaused, true)
		c.setReading()
	}
}

// Resume ends Pause: Data is called again, at once or, if the connection is above the high
// watermark, from the low one on. Without a Pause it does nothing.
func (c *Conn) Resume() {
	if c.mine("server: resume") && c.reads == paused {
		c.reads = receiving
		c.count(countedPaused, false)
		c.setReading()
	}
}

// count notes in Stats that the connection is, or is no longer, what f says: countedPaused or countedFull.
func (c *Conn) count(f facts, on bool) {
	if c.is(f) == on {
		return
	}
	c.facts ^= f
	n := &c.worker.full
	if f == countedPaused {
		n = &c.worker.paused
	}
	if on {
		n.Inc()
	} else {
		n.Dec()
	}
}
