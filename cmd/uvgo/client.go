package main

import (
	"errors"
	"fmt"
	"io"
	"syscall"
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
	errAbsent  = errors.New("the answer did not come")
	errAlert   = errors.New("what came back is an alert of TLS")
)

// A client is one connection. It sends a message, waits until the whole answer has come, and sends the next; with
// --pipeline several are under way. It belongs to its runner's loop.
type client struct {
	runner   *runner
	talk     talk
	stream   handles.Stream
	secure   *secure         // over stream, nil without TLS
	number   uint64          // of the connection, counted over all loops
	sent     []time.Duration // a ring: when the messages under way were sent, by the load's clock
	oldest   int             // in the ring
	pending  int             // messages under way
	answered uint64          // on this connection; another takes its place when the server ends it
	up       bool            // the connection is read
	hungUp   bool            // the server ended it in the TLS handshake
	failed   bool
}

// start begins to read.
func (c *client) start() {
	// If a write meets a reset, the read after it returns EOF: only OnWritten gets the error.
	stream := c.stream
	stream.OnWritten(func(_ int, err error) {
		if err != nil && stream == c.stream {
			c.broken(err)
		}
	})
	c.up = true
	var err error
	switch {
	case c.hungUp:
		err = errEnded
	case c.secure != nil:
		err = c.secure.early
	default:
		err = c.stream.ReadStart(func(p []byte, err error) {
			if stream == c.stream {
				c.read(p, err)
			}
		})
	}
	if err != nil {
		c.fail(err)
	}
}

// send sends the next message, which counts as sent at a time.
func (c *client) send(at time.Duration) {
	c.sent[(c.oldest+c.pending)%len(c.sent)] = at
	c.pending++
	c.runner.waiting++
	if c.up { // otherwise start does, once it is
		c.write()
	}
}

// write writes a message.
func (c *client) write() {
	p, err := c.talk.ask(), error(nil)
	if c.secure != nil {
		_, err = c.secure.conn.Write(p)
	} else {
		_, err = c.stream.Write(p)
	}
	if err != nil {
		c.broken(err)
	}
}

// read gives what has come to the talk.
func (c *client) read(p []byte, err error) {
	switch {
	case c.failed: // a record had more, or the load is over
		return
	case !c.runner.running && c.pending == 0 && c.secure != nil && !c.runner.began: // the load has not begun
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
		c.broken(err)
		return
	}
	c.runner.outcome.bytes += uint64(len(p))
	for stream := c.stream; len(p) > 0; {
		if c.pending == 0 {
			c.fail(errSurplus)
			return
		}
		n, whole, err := c.talk.hear(p)
		if err != nil {
			c.fail(err)
			return
		}
		if p = p[n:]; whole {
			if c.took(); c.failed || c.stream != stream {
				return
			}
		}
	}
}

// took counts the answer of the oldest message. The runner sends the next.
func (c *client) took() {
	at := c.sent[c.oldest]
	c.oldest = (c.oldest + 1) % len(c.sent)
	c.pending--
	c.answered++
	c.runner.waiting--
	if !c.talk.lasts() {
		c.up = false
		if c.runner.answered(c, at); !c.failed {
			c.reconnect()
		}
		return
	}
	c.runner.answered(c, at)
}

// broken handles an end of the connection that no answer has announced. HTTP servers end connections on which no answer
// is due, or which they think idle when a request is already under way: as browsers do, the client sends that again
// on another connection, if this one has ever answered.
func (c *client) broken(err error) {
	switch ends := errors.Is(err, errEnded); {
	case c.failed:
	case ends && c.pending > 0 && !c.talk.fresh():
		if err := c.talk.ended(); err != nil {
			c.fail(err)
			return
		}
		c.took()
	case c.talk.fresh() && c.answered > 0 && (ends || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)):
		c.up = false
		c.reconnect()
	default:
		c.fail(err)
	}
}

// reconnect opens another connection, on which the messages under way are sent again. Behind the end of the load that is
// for these only.
func (c *client) reconnect() {
	_ = c.stream.Close() // never fails on the loop's goroutine
	c.stream, c.secure, c.answered, c.hungUp = nil, nil, 0, false
	if !c.runner.running && c.pending == 0 {
		c.failed = true // what follows counts no more
		c.runner.finish()
		return
	}
	c.runner.outcome.reconnects++
	c.runner.open(c, func(err error) {
		if c.failed {
			return
		}
		if err != nil {
			c.fail(err)
			return
		}
		if c.start(); c.failed {
			return
		}
		for range c.pending {
			if !c.up {
				return
			}
			c.write()
		}
	})
}

// fail counts an error and closes the connection.
func (c *client) fail(err error) {
	if c.failed {
		return
	}
	c.failed = true
	c.runner.waiting -= c.pending
	c.pending = 0
	if c.secure != nil && !c.up {
		c.secure.abort()
	}
	if c.stream != nil {
		_ = c.stream.Close() // never fails on the loop's goroutine
	}
	c.runner.failed(err)
}

// missing is the error of messages whose answers have not come in time.
func (c *client) missing() error {
	kind := errMissing
	if c.runner.load.request != nil {
		kind = errAbsent
	}
	return fmt.Errorf("%w: connection %d, %s after %v", kind, c.number, c.talk.due(), echoTimeout)
}
