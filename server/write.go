package server

import "github.com/uvgo/uvgo/uv"

// Write queues all of p, which is borrowed: free to reuse on return. A turn's
// writes leave together. ENOBUFS if the connection would have more than
// WriteLimit bytes unsent: then none of p is queued. EPIPE after CloseWrite. After Close
// the error is one that errors.Is matches with net.ErrClosed.
func (c *Conn) Write(p []byte) (int, error) {
	if err := c.checkWrite(len(p)); err != nil {
		return 0, err
	}
	if c.is(hasTLS) {
		return c.writeTLS(p)
	}
	n, err := c.stream.Write(p)
	c.wrote(n)
	return n, err
}

// WriteFunc queues bufs, which are lent until fn runs. fn, which may be nil,
// runs once, with nil, the error, or ECANCELED if the connection is closed
// before they are sent. Errors as for Write; fn does not run then.
func (c *Conn) WriteFunc(fn func(err error), bufs ...[]byte) error {
	n := 0
	for _, p := range bufs {
		n += len(p)
	}
	if err := c.checkWrite(n); err != nil {
		return err
	}
	if c.is(hasTLS) {
		return c.writeFuncTLS(fn, bufs)
	}
	if err := c.stream.WriteFunc(c.guarded(fn), bufs...); err != nil {
		return err
	}
	c.wrote(n)
	return nil
}

// guarded makes a panic of fn close this connection.
func (c *Conn) guarded(fn func(error)) func(error) {
	if fn == nil {
		return nil
	}
	return func(err error) {
		c.worker.enter(c)
		fn(err)
		c.worker.leave()
	}
}

// checkWrite returns why n more bytes may not be queued.
func (c *Conn) checkWrite(n int) error {
	if err := c.use("server: write"); err != nil {
		return err
	}
	if c.writes == connecting {
		return uv.Fail("server: write", uv.ENOTCONN)
	}
	if c.closes() {
		return &uv.OpError{Op: "server: write", Err: uv.ErrClosed}
	}
	if limit := c.worker.server.WriteLimit; c.stream.Buffered()+n > limit && c.unsent()+n > limit {
		return uv.Fail("server: write", uv.ENOBUFS)
	}
	return nil
}

// unsent is Buffered after an offer of this turn's writes to the kernel, which costs a
// crossing: only what the kernel refuses counts.
func (c *Conn) unsent() int {
	if c.stream.Buffered() == 0 {
		return 0
	}
	return c.stream.WriteQueueSize()
}

// wrote counts n bytes; the stream's flow control has counted them, too.
func (c *Conn) wrote(n int) {
	c.facts |= hasWritten
	if c.facts&(idleTimed|writeTimed) != 0 {
		c.wroteTimed(n)
	}
	c.gave(n)
}

// gave notes that the handler has written n bytes.
func (c *Conn) gave(n int) {
	c.worker.bytesOut.Add(uint64(n))
	if c.is(owesAnswer) {
		c.answered()
	}
}
