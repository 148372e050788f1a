package uvnet

import (
	"time"

	"github.com/uvgo/uvgo/internal/bubble"
)

// awaiting bounds how long Close waits for a loop, which may not run.
const awaiting = time.Second

// toAwait returns what Close waits for, nil for nothing, and for how long. It waits
// until the descriptor of a connection that was dialled is closed, as package net's Close
// does: the port is free then. Only there is that worth a turn of the loop, as a port
// of another is its listener's. Bytes that are still to be sent keep the port in use
// in package net, too; for those only a connection with SO_LINGER waits.
func (c *conn) toAwait() (over <-chan struct{}, limit time.Duration) {
	c.mu.Lock()
	linger, dialed := c.linger, c.dialed
	c.mu.Unlock()
	if linger == 0 && (!dialed || c.w.gone.Load()) {
		return nil, 0
	}
	wake := bubble.NewWake()
	c.mu.Lock()
	c.over = wake
	c.mu.Unlock()
	return wake, awaiting + 2*linger
}

// await waits for what toAwait returned.
func await(over <-chan struct{}, limit time.Duration) {
	if over == nil {
		return
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-over:
	case <-timer.C:
	}
}

// finish tells a Close that waits for the port that there is nothing to wait for any
// more.
func (c *conn) finish() { c.wakeCloser(false) }

// wakeCloser wakes a Close that waits; one that waits for unsent bytes only when these
// are done with.
func (c *conn) wakeCloser(slept bool) {
	c.mu.Lock()
	over := c.over
	if over != nil && (slept || c.linger == 0) {
		c.over = nil
		over <- struct{}{} // once, and there is room
	}
	c.mu.Unlock()
}
