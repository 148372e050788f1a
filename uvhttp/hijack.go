package uvhttp

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"

	"github.com/uvgo/uvgo/uvnet"
)

// A socketAsk is the wish of a handler for its connection's socket, once all that was written has left.
type socketAsk struct {
	ex    *exchange
	file  bool // a duplicate of it, for sendfile; else the connection itself
	taken bool // mu: answered
	ended bool // mu: the handler does not wait any more
	conn  net.Conn
	dup   *os.File
	rest  []byte
	err   error
}

// Hijack takes the connection away from the server.
func (ex *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c := ex.c
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case ex.over:
		panic("http: Hijack called after the handler has returned")
	case ex.hijacked:
		return nil, nil, http.ErrHijacked
	}
	ex.expects = false
	if ex.status != 0 {
		if err := ex.flush(); err != nil {
			return nil, nil, err
		}
	}
	ask := &socketAsk{}
	if err := ex.askSocket(ask); err != nil {
		return nil, nil, err
	}
	in := &prefixReader{rest: ask.rest, Reader: ask.conn}
	size := max(4096, len(ask.rest))
	r := bufio.NewReaderSize(in, size)
	if len(ask.rest) > 0 {
		_, _ = r.Peek(len(ask.rest)) // so that Buffered tells
	}
	return ask.conn, bufio.NewReadWriter(r, bufio.NewWriter(ask.conn)), nil
}

// askSocket asks the loop for the socket, and waits for it. The caller has locked mu.
func (ex *exchange) askSocket(ask *socketAsk) error {
	c := ex.c
	if c.dead {
		return errClosed
	}
	ask.ex = ex
	c.asked.socket = ask
	c.w.notify(c)
	for !ask.taken {
		var err error
		switch {
		case ex.over:
			err = errOver
		case c.dead:
			err = errClosed
		case c.queued+c.inFlight > 0:
			err = ex.broken() // the write deadline: the client does not read what was written before
		}
		if err == nil {
			err = c.wait(&c.writers)
		}
		if err != nil && !ask.taken {
			ask.ended = true
			return err
		}
	}
	return ask.err
}

// giveSocket answers a wish for the socket, behind what is being sent.
func (c *conn) giveSocket(ask *socketAsk) {
	err := c.sc.WriteFunc(func(err error) {
		c.mu.Lock()
		ended := ask.ended || c.ex != ask.ex || ask.ex.over
		c.mu.Unlock()
		if ended {
			return
		}
		if err == nil && ask.file {
			ask.dup, err = c.sc.File()
		} else if err == nil {
			if err = c.detach(ask); err == nil {
				c.setState(http.StateHijacked)
			}
		}
		c.answer(ask, err)
	}, nil)
	if err != nil {
		c.answer(ask, err)
	}
}

func (c *conn) answer(ask *socketAsk, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ask.err, ask.taken = err, true
	ex := ask.ex
	if !ask.ended && !ex.over {
		if ask.conn != nil { // from here on, not from when Hijack runs on: the handler may return before
			ex.hijacked = true
			if ex.worker == nil {
				c.w.engine.hijackers.Add(1)
			}
			c.wakeReader()
		}
		c.wakeWriter()
		return
	}
	if ask.err == nil {
		ask.err = errOver
	}
	c.wakeWriter()
	if ask.dup != nil { // the handler has given up, or returned, just now
		_ = ask.dup.Close()
	}
	if ask.conn != nil {
		_ = ask.conn.Close()
		c.dead = true
	}
}

// detach takes the connection from the loop.
func (c *conn) detach(ask *socketAsk) error {
	c.mu.Lock()
	was := c.state
	rest := append([]byte(nil), c.input()...)
	c.mu.Unlock()
	if c.dead {
		return errClosed
	}
	c.state = detached
	nc, err := c.sc.Detach(uvnet.FileConn)
	if err != nil {
		c.state = was
		return err
	}
	c.due.clear(c)
	c.leave(nc)
	ask.conn, ask.rest = nc, rest
	c.hasHold = false
	return nil
}

// handOver hands the connection to net/http's HTTP/2. rest is what has been read of it.
func (c *conn) handOver(rest []byte) {
	ask := &socketAsk{}
	was := append([]byte(nil), rest...)
	c.mu.Lock()
	c.inOff = len(c.in)
	c.mu.Unlock()
	if err := c.detach(ask); err != nil {
		c.w.engine.logf("http: handing %v to HTTP/2: %v", c.remoteAddr(), err)
		c.abort()
		return
	}
	nc := ask.conn
	if len(was) > 0 {
		nc = &prefixConn{Conn: nc, in: prefixReader{rest: was, Reader: nc}}
		c.leave(nc)
	}
	c.w.engine.http2.hand(nc, c)
}

// A prefixReader reads rest, and then what follows.
type prefixReader struct {
	rest []byte
	io.Reader
}

func (r *prefixReader) Read(p []byte) (int, error) {
	if len(r.rest) > 0 {
		n := copy(p, r.rest)
		if r.rest = r.rest[n:]; len(r.rest) == 0 {
			r.rest = nil
		}
		return n, nil
	}
	return r.Reader.Read(p)
}

// A prefixConn is a connection of which a part has been read.
type prefixConn struct {
	net.Conn
	in prefixReader
}

func (c *prefixConn) Read(p []byte) (int, error) { return c.in.Read(p) }
