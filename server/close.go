package server

import (
	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/uv"
)

// CloseWrite sends what is queued and then ends our side; the peer's data still
// arrives. A second call, or one after Close, does nothing.
func (c *Conn) CloseWrite() error {
	if err := c.use("server: close write"); err != nil {
		return err
	}
	if c.has(shut | closing | leaving) {
		return nil
	}
	return c.endWrite()
}

// endWrite ends our side after the queued bytes.
func (c *Conn) endWrite() error {
	err := c.stream.Shutdown(func(error) {
		if c.has(closing | done) { // the peer has ended its side, or need not
			c.cut()
		}
	})
	if err == nil {
		c.flags |= shut
	}
	return err
}

// Close ends the connection: no more Data, what is queued is sent, within
// CloseTimeout, and then it is closed. A second call does nothing.
func (c *Conn) Close() error {
	if err := c.use("server: close"); err != nil {
		return err
	}
	if c.has(closing) {
		return nil
	}
	c.finish()
	return nil
}

// Abort closes the connection at once and drops what is not sent; a TCP peer
// sees a reset.
func (c *Conn) Abort() error {
	if err := c.use("server: abort"); err != nil {
		return err
	}
	c.flags |= closing
	c.reset()
	return c.stream.Close()
}

// reset makes a close to come a reset. uv_tcp_close_reset would refuse once our
// side is being ended.
func (c *Conn) reset() {
	if fd, err := c.stream.FD(); err == nil {
		_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
}

// finish closes after the queued bytes.
func (c *Conn) finish() {
	c.flags |= closing
	c.flags &^= leaving
	c.setReading()
	if c.unsent() == 0 {
		c.cut()
		return
	}
	if !c.has(shut) && c.endWrite() != nil {
		c.cut()
		return
	}
	c.limit()
}

// goodbye is the end in Shutdown: ours after the queued bytes, then the peer's.
func (c *Conn) goodbye() {
	if c.has(closing | leaving) {
		return
	}
	c.flags |= leaving
	if c.has(done) || !c.has(shut) && c.endWrite() != nil {
		c.finish()
		return
	}
	c.limit()
	c.setReading()
}

// cut closes at once. If that drops bytes a TCP peer sees a reset: it must not
// take what it has got for all.
func (c *Conn) cut() {
	c.flags |= closing
	if c.unsent() > 0 {
		c.reset()
	}
	_ = c.stream.Close()
}

// limit cuts the connection when CloseTimeout has passed.
func (c *Conn) limit() {
	if c.timer != nil {
		return
	}
	t, err := c.worker.loop.AfterFunc(c.worker.server.CloseTimeout, func() {
		c.timer = nil
		if c.unsent() > 0 {
			if c.worker.draining {
				c.worker.cut.Add(1)
			}
			c.fail(uv.Check("server: close", int(uv.ETIMEDOUT)))
			return
		}
		c.cut()
	})
	if err != nil {
		c.cut()
		return
	}
	t.Unref()
	c.timer = t
}
