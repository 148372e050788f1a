package uvhttp

import (
	"net/http"

	"github.com/uvgo/uvgo/uvhttp/internal/h1"
)

// headBegins is how many bytes behind an answer are the beginning of a head, for net/http, too. Fewer leave the connection idle:
// IdleTimeout ends it, and without an answer.
const headBegins = 4

// beganHead tells whether a part of a head has come.
func (c *conn) beganHead() bool {
	n := len(c.input())
	return n > 0 && (c.first || n+int(c.ends) >= headBegins)
}

// head reads a request's head, of which the input and p are what has come so far. p is borrowed.
func (c *conn) head(p []byte) {
	kept := len(c.input()) > 0
	if kept {
		c.keep(p)
		p = c.input()
	}
	n := c.parse(p)
	if kept {
		c.inOff += n
	} else if n < len(p) {
		c.keep(p[n:])
	}
}

// parse reads a head from b, and starts its request once the head is whole. It returns how many
// bytes of b are used up.
func (c *conn) parse(b []byte) int {
	skipped := 0
	if c.parser == nil {
		skipped = c.skipLines(b)
		b = b[skipped:]
		switch {
		case c.first:
			if whole, maybe := c.preface(b); whole {
				c.handOver(b)
				return skipped + len(b)
			} else if maybe {
				return skipped
			}
		case len(b)+int(c.ends) < headBegins: // IdleTimeout goes on
			return skipped
		case len(b) == 0:
			c.due.partialHead(c)
			return skipped
		}
	}
	ps := c.parser
	if ps == nil {
		ps = &c.w.parser
		ps.Reset()
	}
	n, err := ps.Parse(b, c.w.engine.opts.maxHead)
	switch {
	case err != nil:
		c.refuse(err)
		return skipped + len(b)
	case n > 0:
		return skipped + c.begin(ps, b, n)
	}
	if c.parser == nil {
		c.setState(http.StateActive)
		c.due.partialHead(c)
		c.parser = c.w.takeParser()
		c.parser.Reset()
		_, _ = c.parser.Parse(b, c.w.engine.opts.maxHead) // as just now: later it goes on from here
	}
	return skipped
}

// begin starts the request of a head, which is the first n bytes of b. It returns how many bytes of b are used up.
func (c *conn) begin(ps *h1.Parser, b []byte, n int) int {
	c.setState(http.StateActive)
	c.first = false
	ex, err := c.newExchange(&ps.Head, string(b[:n]))
	c.giveParser()
	if err != nil {
		c.refuse(err)
		return len(b)
	}
	c.start(ex)
	return n
}

// preface tells whether b is the beginning of HTTP/2, or may become it.
func (c *conn) preface(b []byte) (whole, maybe bool) {
	if !c.w.engine.opts.priorKnowledge || c.tls != nil {
		return false, false
	}
	return h1.Preface(b)
}

// skipLines counts the line ends that some clients send behind the body of a POST.
func (c *conn) skipLines(b []byte) (n int) {
	for c.lines > 0 && n < len(b) && (b[n] == '\r' || b[n] == '\n') {
		n++
		c.lines--
		c.ends++
	}
	return n
}

func (c *conn) giveParser() {
	if c.parser != nil {
		c.w.giveParser(c.parser)
		c.parser = nil
	}
}

// refuse answers a request that cannot be served, and closes the connection.
func (c *conn) refuse(err error) {
	c.setState(http.StateActive)
	c.giveParser()
	e, ok := err.(*h1.Error)
	if !ok {
		e = errBadRequest
	}
	_, _ = c.sc.Write([]byte(e.Answer())) // an error closes the connection
	c.close()
}
