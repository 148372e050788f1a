package server

import (
	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/uv"
)

// CloseWrite sends what is queued and then ends our side. The peer's data goes on
// arriving. With TLS the end is a close_notify. A second call, or one after Close, does nothing.
func (c *Conn) CloseWrite() error {
	if err := c.use("server: close write"); err != nil {
		return err
	}
	if c.writes == connecting || c.shaking() {
		return uv.Fail("server: close write", uv.ENOTCONN)
	}
	if c.writes != writeOpen {
		return nil
	}
	err := c.endWrite()
	if err == nil {
		c.writes = writeEnded
	}
	c.answered()
	return err
}

// endWrite ends our side after the queued bytes.
func (c *Conn) endWrite() error {
	if c.is(hasTLS) {
		if err := c.secured().conn.CloseWrite(); err != nil {
			return err
		}
	}
	return c.stream.Shutdown(func(error) {
		switch {
		case c.reads == readEnded: // so both have
			c.closeNow()
		case c.writes == closing:
			c.startEndTimeout()
		}
	})
}

// Close ends the connection gracefully: Data is called no more, what is queued is sent, and
// our side is ended. The connection closes when the peer has ended its side, or after
// CloseTimeout. Until then what arrives is dropped: a close with bytes unread would be
// a reset, by which the peer loses what it has not received yet. A connection to which
// nothing was written closes at once. A second call does nothing.
func (c *Conn) Close() error {
	if err := c.use("server: close"); err != nil {
		return err
	}
	switch {
	case c.writes == connecting, c.shaking() && !c.closes():
		c.closeNow()
	case !c.closes():
		c.close()
	}
	return nil
}

// Abort closes the connection at once and drops what is not sent; a TCP peer
// sees a reset, unless the server has NoReset.
func (c *Conn) Abort() error {
	if err := c.use("server: abort"); err != nil {
		return err
	}
	if c.why == byUs {
		c.why = aborted
	}
	if c.worker.server.NoReset {
		c.endNow()
		return c.stream.Close()
	}
	c.reads, c.writes = readEnded, streamClosed
	c.reset()
	return c.stream.Close()
}

// endNow offers what is queued to the kernel, and drops what it does not take. With TLS a close_notify follows if that is nothing:
// its peer takes what it has received for everything.
func (c *Conn) endNow() {
	notifies := c.is(hasTLS) && c.writes == writeOpen && !c.shaking()
	c.reads, c.writes = readEnded, streamClosed
	if c.unsent() == 0 && notifies && c.secured().conn.CloseWrite() == nil {
		c.unsent()
	}
}

// reset makes the close that follows a reset. uv_tcp_close_reset would refuse once our
// side is being ended.
func (c *Conn) reset() {
	if fd, err := c.stream.FD(); err == nil {
		_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
}

// close is Close after its checks, and what follows the peer's end.
func (c *Conn) close() {
	if !c.is(hasWritten) {
		c.closeNow()
		return
	}
	c.closeGracefully()
}

// closeGracefully ends our side after the queued bytes, and then waits for the peer's end,
// for CloseTimeout at most. While it waits it may be called again: at the peer's end.
func (c *Conn) closeGracefully() {
	endsWrite := c.writes == writeOpen // otherwise that has begun
	c.writes = closing
	c.count(countedPaused, false)
	if c.reads != readEnded {
		c.reads = discarding
	}
	if c.reads == readEnded && c.unsent() == 0 || endsWrite && c.endWrite() != nil {
		c.closeNow()
		return
	}
	c.setReading()
	c.startCloseTimeout()
}

// closeNow closes at once. If that drops bytes, a TCP peer sees a reset: it must not
// mistake what it has received for everything.
func (c *Conn) closeNow() {
	if c.worker.server.NoReset {
		c.endNow()
	} else if c.reads, c.writes = readEnded, streamClosed; c.unsent() > 0 {
		c.reset()
	}
	_ = c.stream.Close() // fails only on another goroutine
}
