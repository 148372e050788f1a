package uvnet

import (
	"time"

	"golang.org/x/sys/unix"
)

// flushLimit bounds how long the loop goes on sending what the user wrote before Close.
const flushLimit = time.Minute

// run closes the descriptor, behind what was accepted for writing. C function uv_close.
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
	case lifeClosing: // the loop's shutdown came first, and its guard waits for this task
		if c.life.stream.Base().Guarded() {
			c.keepOpen()
			c.life.stream.Base().Unguard()
		}
	case lifeStream:
		c.closeStream()
	case lifeFlushing:
		c.wakeCloser(false) // a Close without SO_LINGER does not wait for unsent bytes
	}
}

// flush lets the stream live on until it has sent its piece, flushLimit has passed, or the
// peer sends something, which is what the stream reads for. The caller holds mu. It stays
// in lifeStream if the stream cannot read.
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

// endFlush closes a stream whose time to flush has passed. SO_LINGER's time has, too, so
// the close does not sleep any more: the kernel sends what it has in the background.
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

// closeStream closes the stream, which runs inUse first and closed at the end.
func (c *conn) closeStream() {
	if c.life.flushTimer != nil {
		c.life.flushTimer.Stop()
	}
	_ = c.life.stream.Close()
}
