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
)

// A client is one connection: it sends a message, waits for all of it to come
// back, and sends the next. It belongs to its runner's loop.
type client struct {
	runner  *runner
	stream  handles.Stream
	number  uint64 // of the connection, over all loops
	message uint64 // number of the message that is under way
	back    int    // how much of it has come back
	sent    time.Duration
	waiting bool // the message has not come back
	failed  bool
}

// start begins to read and sends the first message.
func (c *client) start(now time.Duration) {
	// A reset that a write meets is an end of file to the read after it.
	c.stream.OnWritten(func(_ int, err error) {
		if err != nil {
			c.fail(err)
		}
	})
	if err := c.stream.ReadStart(c.read); err != nil {
		c.fail(err)
		return
	}
	c.send(now)
}

// send sends the next message.
func (c *client) send(now time.Duration) {
	c.message++
	c.back, c.sent = 0, now
	c.wait(true)
	if _, err := c.stream.Write(c.runner.messages.make(c.number, c.message)); err != nil {
		c.fail(err)
	}
}

// read checks what came back.
func (c *client) read(p []byte, err error) {
	switch {
	case errors.Is(err, uv.ENOBUFS): // no memory now: try again
		err = c.stream.ReadStart(c.read)
	case errors.Is(err, io.EOF):
		err = errEnded
	}
	if err != nil {
		c.fail(err)
		return
	}
	m := c.runner.messages
	n := min(len(p), m.size-c.back)
	if i := m.check(p[:n], c.back, c.number, c.message); i >= 0 {
		c.fail(fmt.Errorf("%w: connection %d, message %d, byte %d", errChanged, c.number, c.message, i))
		return
	}
	c.back += n
	switch {
	case n < len(p):
		c.fail(errSurplus)
	case c.back == m.size:
		c.wait(false)
		c.runner.echoed(c)
	}
}

// fail counts an error and gives the connection up.
func (c *client) fail(err error) {
	if c.failed {
		return
	}
	c.failed = true
	c.wait(false)
	_ = c.stream.Close() // never fails on the loop's goroutine
	c.runner.failed(err)
}

// wait notes whether a message is under way.
func (c *client) wait(on bool) {
	switch {
	case on && !c.waiting:
		c.runner.waiting++
	case !on && c.waiting:
		c.runner.waiting--
	}
	c.waiting = on
}
