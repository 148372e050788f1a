package server

// startCloseTimeout closes the connection when CloseTimeout has passed: it has this time to
// send what is queued, and its peer to end its side.
func (c *Conn) startCloseTimeout() {
	if c.is(closeTimed) {
		return
	}
	c.facts |= closeTimed
	w := c.worker
	limit := w.server.CloseTimeout
	if err := w.hang(c, bucketTime(w.now()+limit, limit)); err != nil {
		c.closeNow()
	}
}

// startEndTimeout begins EndTimeout, once all is sent.
func (c *Conn) startEndTimeout() {
	w := c.worker
	if limit := w.server.EndTimeout; limit > 0 && limit < w.server.CloseTimeout {
		_ = w.hang(c, bucketTime(w.now()+limit, limit)) // else CloseTimeout comes
	}
}

// expire ends a connection that has had CloseTimeout to close.
func (c *Conn) expire() {
	if c.unsent() == 0 {
		c.closeNow()
		return
	}
	if c.worker.draining {
		c.worker.cut.Add(1)
	}
	c.failAs(closeTimeout, ErrCloseTimeout)
}
