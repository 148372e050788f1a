package uvnet

import (
	"time"

	"github.com/uvgo/uvgo/internal/bubble"
)

// awaiting bounds how long Close waits for a loop, which may not run.
const awaiting = time.Second

// closeWait returns what Close waits for, nil for nothing, and for how long. It waits
// until the descriptor of a connection that was dialled is closed, as package net's Close
// does: the port is free then. Only there is that worth a turn of the loop, as a port
// of another is its listener's. Bytes that are still to be sent keep the port in use
// in package net, too; for those only a connection with SO_LINGER waits.
func (c *conn) closeWait() (done <-chan struct{}, limit time.Duration) {
	c.mu.Lock()
	linger, dialed := max(c.life.linger, 0), c.life.dialed
	c.mu.Unlock()
	if linger == 0 && (!dialed || c.w.closed.Load()) {
		return nil, 0
	}
	wake := bubble.NewWake()
	c.mu.Lock()
	c.life.done = wake
	c.mu.Unlock()
	return wake, awaiting + 2*linger
}

// awaitClose waits for what closeWait returned.
func awaitClose(done <-chan struct{}, limit time.Duration) {
	if done == nil {
		return
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// wakeCloser wakes a Close that waits. One that SO_LINGER makes wait for unsent bytes
// is woken only if sent tells that these are done with.
func (c *conn) wakeCloser(sent bool) {
	c.mu.Lock()
	done := c.life.done
	if done != nil && (sent || c.life.linger <= 0) {
		c.life.done = nil
		done <- struct{}{} // once, and there is room
	}
	c.mu.Unlock()
}
