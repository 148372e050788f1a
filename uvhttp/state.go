package uvhttp

import (
	"context"
	"net/http"
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
