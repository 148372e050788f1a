package uvnet

import "time"

// awaiting bounds how long Close waits for a loop, which may not run.
const awaiting = time.Second

// awaitEnd waits until the descriptor of a closed connection is closed, as package
// net's Close does: the port is free then. Only for one that was dialled is that
// worth a turn of the loop, as a port of another is its listener's. Bytes that
// are still to be sent keep the port in use in package net, too.
func (c *conn) awaitEnd() {
	if !c.dialed {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rd.deadline = now() + int64(awaiting) // nobody reads any more
	for !c.done && !c.rd.expired() && !c.w.gone.Load() {
		c.begin(&c.rd)
		c.mu.Unlock()
		<-c.rd.wake
		c.mu.Lock()
	}
	if c.rd.timer != nil {
		c.rd.timer.Stop()
	}
}

// finish tells awaitEnd that there is nothing to wait for any more.
func (c *conn) finish() {
	c.mu.Lock()
	c.done = true
	c.rd.signal()
	c.mu.Unlock()
}
