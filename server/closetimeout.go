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
