package server

import "github.com/uvgo/uvgo/uv"

// Write queues all of p, which is borrowed: free to reuse on return. A turn's
// writes leave together. ENOBUFS if the connection would have more than
// WriteLimit bytes unsent: nothing was taken then. After Close it is an error
// that errors.Is matches with net.ErrClosed.
func (c *Conn) Write(p []byte) (int, error) {
	if err := c.room(len(p)); err != nil {
		return 0, err
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
	if err := c.room(n); err != nil {
		return err
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
		c.worker.current = c
		fn(err)
		c.worker.current = nil
	}
}

// room tells whether n more bytes may be queued.
func (c *Conn) room(n int) error {
	if err := c.use("server: write"); err != nil {
		return err
	}
	if c.has(closing) {
		return &uv.OpError{Op: "server: write", Err: uv.ErrClosed}
	}
	if limit := c.worker.server.WriteLimit; c.stream.Buffered()+n > limit && c.unsent()+n > limit {
		return uv.Check("server: write", int(uv.ENOBUFS))
	}
	return nil
}

// unsent is Buffered, but what was written in this turn is first offered to the
// kernel, at the price of a crossing: only what it refuses counts.
func (c *Conn) unsent() int {
	if c.stream.Buffered() == 0 {
		return 0
	}
	return c.stream.WriteQueueSize()
}

// wrote counts n bytes. Above the high watermark the next turn looks what the
// kernel has left of them.
func (c *Conn) wrote(n int) {
	w := c.worker
	w.bytesOut.Add(uint64(n))
	c.flags |= wrote
	if c.has(owing) {
		c.answered()
	}
	if r := w.loop.Round(); r != c.round {
		c.round, c.recent = r, 0
	}
	c.recent += n
	if high := w.server.HighWater; !c.has(over|looking) && (c.recent > high || c.stream.Buffered() > high) {
		c.flags |= looking
		w.loop.Defer((*look)(c))
	}
}

// A look is a Conn whose queue is to be looked at, in the turn after one that
// went above the high watermark.
type look Conn

// Deliver looks: the connection is not read until the queue is at the low
// watermark.
func (l *look) Deliver() {
	c := (*Conn)(l)
	c.flags &^= looking
	if c.has(closing) {
		return
	}
	c.flags |= over
	if c.unsent() > c.worker.server.LowWater { // not Buffered: only what is queued is reported when it leaves
		c.setReading()
	} else {
		c.belowLow()
	}
}

// written runs when queued bytes have left or failed.
func (c *Conn) written(queued int, err error) {
	if err != nil {
		c.fail(err)
		return
	}
	if c.has(over) && queued <= c.worker.server.LowWater {
		c.belowLow()
	}
}

// belowLow reads again, and tells the handler that it may write on.
func (c *Conn) belowLow() {
	c.flags &^= over
	c.setReading()
	if d := c.worker.drainer; d != nil && !c.has(closing|shut) {
		c.worker.current = c
		d.Drain(c)
		c.worker.current = nil
	}
	c.settle()
}

// Buffered returns how many bytes are unsent; those written since the last
// crossing count although the kernel may take them.
func (c *Conn) Buffered() int {
	if !c.mine("server: buffered") {
		return 0
	}
	return c.stream.Buffered()
}

// Full tells whether a handler had better write no more until Drain: the high
// watermark has been reached, by what is unsent or by what was written in this
// turn alone, however fast the kernel takes it.
func (c *Conn) Full() bool { return c.mine("server: full") && c.has(over|looking) }

// Pause stops Data until Resume. Pausing twice, or after Close, does nothing.
func (c *Conn) Pause() {
	if c.mine("server: pause") {
		c.flags |= paused
		c.setReading()
	}
}

// Resume makes Data be called again. If the connection is above the high
// watermark, that waits for the low one.
func (c *Conn) Resume() {
	if c.mine("server: resume") {
		c.flags &^= paused
		c.setReading()
	}
}
