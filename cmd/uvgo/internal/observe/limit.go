package observe

import (
	"context"
	"net"
	"slices"
	"sync"
)

// limited returns a listener with limit connections at most. For one more it closes the oldest that no request is being answered on, so that
// clients that send nothing do not keep others out; or the new one, if all are busy.
func limited(ln net.Listener, limit int) net.Listener {
	return &limitListener{Listener: ln, limit: limit}
}

type limitListener struct {
	net.Listener
	limit int
	mu    sync.Mutex
	open  []*limitedConn // the oldest first
}

// Accept returns the next connection that there is room for.
func (l *limitListener) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &limitedConn{Conn: nc, l: l}
		old, ok := l.add(c)
		if old != nil {
			_ = old.Close()
		}
		if ok {
			return c, nil
		}
		_ = nc.Close()
	}
}

// add notes a connection, and returns the one that it takes the place of. False: there is no room.
func (l *limitListener) add(c *limitedConn) (old *limitedConn, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) >= l.limit {
		at := slices.IndexFunc(l.open, func(c *limitedConn) bool { return !c.busy })
		if at < 0 {
			return nil, false
		}
		old = l.open[at]
		l.open = slices.Delete(l.open, at, at+1)
	}
	l.open = append(l.open, c)
	return old, true
}

type limitedConn struct {
	net.Conn
	l    *limitListener
	busy bool // a request is being answered; l.mu guards it
}

type connKey struct{}

// withConn gives the requests of a connection a context by which answering finds it.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// answering notes that a request of the context's connection is being answered, or is no more.
func answering(ctx context.Context, busy bool) {
	if c, ok := ctx.Value(connKey{}).(*limitedConn); ok {
		c.l.mu.Lock()
		c.busy = busy
		c.l.mu.Unlock()
	}
}

// Close closes the connection and makes room for another.
func (c *limitedConn) Close() error {
	c.l.mu.Lock()
	if at := slices.Index(c.l.open, c); at >= 0 {
		c.l.open = slices.Delete(c.l.open, at, at+1)
	}
	c.l.mu.Unlock()
	return c.Conn.Close()
}
