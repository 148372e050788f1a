package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// Errors of a connection under load.
var (
	errEnded   = errors.New("the server ended the connection")
	errSurplus = errors.New("more came back than was sent")
	errChanged = errors.New("what came back is not what was sent")
	errMissing = errors.New("the echo did not come back")
	errAlert   = errors.New("what came back is an alert of TLS")
)

// A client is one connection. It sends a message, waits until the whole message has
// come back, and sends the next. It belongs to its runner's loop.
type client struct {
	runner   *runner
	stream   handles.Stream
	secure   *secure       // over stream, nil without TLS
	number   uint64        // of the connection, counted over all loops
	message  uint64        // number of the message that is under way
	received int           // bytes of that message that have come back
	sent     time.Duration // when that message was sent, by the load's clock
	waiting  bool          // the message has not come back
	hungUp   bool          // the server ended it in the TLS handshake
	failed   bool
}

// start begins to read.
func (c *client) start() {
	// If a write meets a reset, the read after it returns EOF: only OnWritten gets the error.
	c.stream.OnWritten(func(_ int, err error) {
		if err != nil {
			c.fail(err)
		}
	})
	var err error
	switch {
	case c.hungUp:
		err = errEnded
	case c.secure != nil:
		err = c.secure.early
	default:
		err = c.stream.ReadStart(c.read)
	}
	if err != nil {
		c.fail(err)
	}
}

// send sends the next message.
func (c *client) send(now time.Duration) {
	c.message++
	c.received, c.sent = 0, now
	c.wait(true)
	var err error
	p := c.runner.messages.make(c.number, c.message)
	if c.secure != nil {
		_, err = c.secure.conn.Write(p)
	} else {
		_, err = c.stream.Write(p)
	}
	if err != nil {
		c.fail(err)
	}
}

// read compares the bytes that came back with the message.
func (c *client) read(p []byte, err error) {
	switch {
	case c.failed: // a record had more, or the load is over
		return
	case !c.runner.running && !c.waiting && c.secure != nil && c.message == 0: // the load has not begun
		if c.secure.early = errSurplus; err != nil {
			c.secure.early = errEnded
		}
		return
	case c.secure != nil && errors.Is(err, io.ErrUnexpectedEOF):
		err = errEnded
	case errors.Is(err, uv.ENOBUFS): // there was no memory to read into: try again
		err = c.stream.ReadStart(c.read)
	case errors.Is(err, io.EOF):
		err = errEnded
	}
	if err != nil {
		c.fail(err)
		return
	}
	m := c.runner.messages
	if c.secure == nil && c.message == 1 && c.received == 0 && speaksTLS(p) && m.check(p[:min(len(p), m.size)], 0, c.number, 1) >= 0 {
		c.fail(errAlert)
		return
	}
	n := min(len(p), m.size-c.received)
	if i := m.check(p[:n], c.received, c.number, c.message); i >= 0 {
		c.fail(fmt.Errorf("%w: connection %d, message %d, byte %d", errChanged, c.number, c.message, i))
		return
	}
	c.received += n
	switch {
	case n < len(p):
		c.fail(errSurplus)
	case c.received == m.size:
		c.wait(false)
		c.runner.echoed(c)
	}
}

// fail counts an error and closes the connection.
func (c *client) fail(err error) {
	if c.failed {
		return
	}
	c.failed = true
	c.wait(false)
	_ = c.stream.Close() // never fails on the loop's goroutine
	c.runner.failed(err)
}

// wait sets whether a message is under way.
func (c *client) wait(on bool) {
	switch {
	case on && !c.waiting:
		c.runner.waiting++
	case !on && c.waiting:
		c.runner.waiting--
	}
	c.waiting = on
}
