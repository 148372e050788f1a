package uvhttp

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// setState tells ConnState of a connection's state.
func (c *conn) setState(state http.ConnState) {
	if state == c.told && state != http.StateNew {
		return
	}
	c.told = state
	if fn := c.w.engine.opts.ConnState; fn != nil {
		c.w.guard(func() { fn(c.asNetConn(), state) })
	}
}

// makeContext makes the context of a connection's requests, by ConnContext.
func (c *conn) makeContext() {
	o := &c.w.engine.opts
	c.w.guard(func() {
		c.ctx = o.ConnContext(o.base, c.asNetConn())
		if c.ctx == nil {
			panic("uvhttp: ConnContext returned nil")
		}
	})
}

// guard calls a function of the user's, on the loop, and logs its panic.
func (w *worker) guard(fn func()) {
	defer func() {
		if v := recover(); v != nil {
			w.engine.logf("http: panic in a function of the Server: %v", v)
		}
	}()
	fn()
}

// asNetConn is the connection as ConnState and ConnContext get it. It is the same for all calls.
func (c *conn) asNetConn() net.Conn {
	if f := c.facade.Load(); f != nil {
		return f
	}
	c.facade.CompareAndSwap(nil, &connFacade{c})
	return c.facade.Load()
}

// A connFacade is a connection of the server's in the place of a net.Conn: it has addresses, and can be closed. Its
// bytes belong to the server.
type connFacade struct{ c *conn }

var _ net.Conn = (*connFacade)(nil)

var errFacade = errors.New("uvhttp: the connection is read and written by the server: use Hijack")

func (f *connFacade) Read([]byte) (int, error)         { return 0, errFacade }
func (f *connFacade) Write([]byte) (int, error)        { return 0, errFacade }
func (f *connFacade) LocalAddr() net.Addr              { return f.c.sc.LocalAddr() }
func (f *connFacade) RemoteAddr() net.Addr             { return f.c.sc.RemoteAddr() }
func (f *connFacade) SetDeadline(time.Time) error      { return errFacade }
func (f *connFacade) SetReadDeadline(time.Time) error  { return errFacade }
func (f *connFacade) SetWriteDeadline(time.Time) error { return errFacade }

// Close closes the connection at once. Any goroutine may call it.
func (f *connFacade) Close() error { return f.c.w.loop.Post(f.c.abort) }

// A baseContext has what net/http's contexts have of the server.
type baseContext struct {
	context.Context
	e *engine
}

func (b *baseContext) Value(key any) any {
	if key == http.ServerContextKey {
		return b.e.std
	}
	return b.Context.Value(key)
}
