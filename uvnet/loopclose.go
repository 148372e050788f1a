package uvnet

import (
	"time"

	"golang.org/x/sys/unix"
)

// flushLimit bounds how long a closed connection goes on sending what its user
// wrote before.
const flushLimit = time.Minute

// run closes the descriptor, behind what was accepted for writing.
func (t *closeTask) run() {
	c := (*conn)(t)
	c.mu.Lock()
	if c.life.state == lifeStream && c.out.state != writeDirect && c.life.linger != 0 && !c.life.unread {
		c.flush()
	}
	state := c.life.state
	c.mu.Unlock()
	switch state {
	case lifeTasked: // no stream was needed, or none could be made
		c.keepOpen()
		unix.Close(c.fd)
		c.closed()
	case lifeClosing: // the loop was faster, and waits for us
		if c.life.stream.Base().Guarded() {
			c.keepOpen()
			c.life.stream.Base().Unguard()
		}
	case lifeStream:
		c.closeStream()
	case lifeFlushing:
		c.wakeCloser(false) // one that waits for the port need not wait for the bytes
	}
}

// flush has the stream go on, closed, until it has sent its piece, its time is over or
// the peer sends more; mu is held. Reading tells of the latter. A stream that cannot
// read is left as it is.
func (c *conn) flush() {
	if c.in.discard() && c.life.stream.ReadStart(c.onRead) != nil {
		return
	}
	c.life.to(lifeFlushing)
	limit := flushLimit
	if c.life.linger > 0 {
		limit = min(limit, c.life.linger)
	}
	c.life.flushTimer = time.AfterFunc(limit, func() { _ = c.w.loop.Post(c.endFlush) })
}

// endFlush closes what has been flushing long enough. The kernel goes on sending what
// it has in the background, as by its own rule.
func (c *conn) endFlush() {
	c.mu.Lock()
	late := c.life.state == lifeFlushing
	if late && c.life.linger > 0 {
		c.life.linger = lingerOff
		_ = unix.SetsockoptLinger(c.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{})
	}
	c.mu.Unlock()
	if late {
		c.closeStream()
	}
}

// closeStream closes the stream.
func (c *conn) closeStream() {
	if c.life.flushTimer != nil {
		c.life.flushTimer.Stop()
	}
	_ = c.life.stream.Close()
}
