package uvhttp

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// handed is the listener of net/http's server: it accepts the connections that speak HTTP/2. ConnState and ConnContext
// know these connections already.
type handed struct {
	conns   chan net.Conn
	addr    net.Addr
	close   sync.Once
	ended   chan struct{}
	start   func() // serves from the listener, once
	started atomic.Bool

	mu  sync.Mutex
	was map[net.Conn]*conn // that they were, until they are closed
}

func newHanded(serve func(net.Listener)) *handed {
	h := &handed{conns: make(chan net.Conn), ended: make(chan struct{}), was: make(map[net.Conn]*conn)}
	h.start = sync.OnceFunc(func() {
		h.started.Store(true)
		go serve(h)
	})
	return h
}

// hand hands what was c to net/http, as nc. It does not wait: this may be a loop.
func (h *handed) hand(nc net.Conn, c *conn) {
	h.start()
	h.mu.Lock()
	h.was[nc] = c
	h.mu.Unlock()
	go func() {
		select {
		case h.conns <- nc:
		case <-h.ended:
			_ = nc.Close()
			c.setState(http.StateClosed)
		}
	}()
}

// before returns what a connection was, nil for one that net/http has accepted itself.
func (h *handed) before(nc net.Conn) *conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.was[nc]
}

// state is ConnState of net/http's server.
func (h *handed) state(fn func(net.Conn, http.ConnState), nc net.Conn, state http.ConnState) {
	c := h.before(nc)
	switch {
	case c == nil:
	case state == http.StateNew: // it was told of that
		return
	case state == http.StateClosed || state == http.StateHijacked:
		h.mu.Lock()
		delete(h.was, nc)
		h.mu.Unlock()
	}
	if fn == nil {
		return
	}
	if c != nil {
		nc = c.asNetConn()
	}
	fn(nc, state)
}

// context is ConnContext of net/http's server.
func (h *handed) context(fn func(context.Context, net.Conn) context.Context, ctx context.Context, nc net.Conn) context.Context {
	if c := h.before(nc); c != nil {
		return cmp.Or(c.ctx, ctx) // none if ConnContext has panicked
	}
	return fn(ctx, nc)
}

// Accept returns the next connection.
func (h *handed) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.ended:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (h *handed) Close() error {
	h.close.Do(func() { close(h.ended) })
	return nil
}

// Addr returns where the server listens.
func (h *handed) Addr() net.Addr { return h.addr }
