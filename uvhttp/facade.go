package uvhttp

import (
	"errors"
	"net"
	"time"
)

// asNetConn is the connection as ConnState and ConnContext get it. It is the same for all calls.
func (c *conn) asNetConn() net.Conn {
	if f := c.facade.Load(); f != nil {
		return f
	}
	c.facade.CompareAndSwap(nil, &connFacade{c})
	return c.facade.Load()
}

// A connFacade is a connection of the server's in the place of a net.Conn. As long as it is a loop's, it has addresses, can be closed,
// and takes deadlines; its bytes belong to the server. Once HTTP/2 or a hijacker has it, it is their net.Conn.
type connFacade struct{ c *conn }

var _ net.Conn = (*connFacade)(nil)

var errFacade = errors.New("uvhttp: the connection is read and written by the server: use Hijack")

// left returns what the connection has become, nil while it is the loop's.
func (c *conn) left() net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.taken
}

// leave notes what the connection has become.
func (c *conn) leave(nc net.Conn) {
	c.mu.Lock()
	c.taken = nc
	c.mu.Unlock()
}

func (f *connFacade) Read(p []byte) (int, error) {
	if nc := f.c.left(); nc != nil {
		return nc.Read(p)
	}
	return 0, errFacade
}

func (f *connFacade) Write(p []byte) (int, error) {
	if nc := f.c.left(); nc != nil {
		return nc.Write(p)
	}
	return 0, errFacade
}

func (f *connFacade) LocalAddr() net.Addr  { return f.c.sc.LocalAddr() }
func (f *connFacade) RemoteAddr() net.Addr { return f.c.sc.RemoteAddr() }

// Close closes the connection at once. Any goroutine may call it.
func (f *connFacade) Close() error {
	c := f.c
	if nc := c.left(); nc != nil {
		return nc.Close()
	}
	c.mu.Lock()
	dead := c.dead
	c.mu.Unlock()
	if dead {
		return opError("close", c, net.ErrClosed)
	}
	return c.w.loop.Post(func() {
		if nc := c.left(); nc != nil { // it has left since
			go nc.Close() //nolint:errcheck // nobody is there any more to be told
			return
		}
		c.abort()
	})
}

// SetDeadline sets both deadlines.
func (f *connFacade) SetDeadline(t time.Time) error {
	if err := f.SetReadDeadline(t); err != nil {
		return err
	}
	return f.SetWriteDeadline(t)
}

// SetReadDeadline is that of http.ResponseController while a handler runs. Before and behind that it sets when the
// connection is closed unless a request has come: until the server's next timeout begins.
func (f *connFacade) SetReadDeadline(t time.Time) error {
	return f.deadline(func(nc net.Conn) error { return nc.SetReadDeadline(t) }, func(ex *exchange) error { return ex.SetReadDeadline(t) },
		func() { f.c.due.setRead(f.c, deadlineOf(t)) })
}

// SetWriteDeadline is that of http.ResponseController while a handler runs. Before and behind that there is nothing to write.
func (f *connFacade) SetWriteDeadline(t time.Time) error {
	return f.deadline(func(nc net.Conn) error { return nc.SetWriteDeadline(t) }, func(ex *exchange) error { return ex.SetWriteDeadline(t) }, func() {})
}

// deadline sets a deadline, for whoever has the connection.
func (f *connFacade) deadline(left func(net.Conn) error, runs func(*exchange) error, idle func()) error {
	c := f.c
	set := func() (done bool, err error) {
		c.mu.Lock()
		nc, ex, dead := c.taken, c.ex, c.dead
		c.mu.Unlock()
		switch {
		case nc != nil:
			return true, left(nc)
		case dead:
			return true, opError("set", c, net.ErrClosed)
		case ex != nil:
			if err := runs(ex); err != errOver {
				return true, err
			}
		}
		return false, nil
	}
	if done, err := set(); done {
		return err
	}
	return c.w.loop.Post(func() {
		if done, _ := set(); !done && c.state < closing {
			idle()
		}
	})
}
