package observe

import (
	"net"
	"sync"
	"sync/atomic"
)

// limited returns a listener that closes connections at once that are more than limit.
func limited(ln net.Listener, limit int64) net.Listener {
	return &limitListener{Listener: ln, limit: limit}
}

type limitListener struct {
	net.Listener
	limit int64
	open  atomic.Int64
}

// Accept returns the next connection that is not one too many.
func (l *limitListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= l.limit {
			return &limitedConn{Conn: c, done: sync.OnceFunc(func() { l.open.Add(-1) })}, nil
		}
		l.open.Add(-1)
		_ = c.Close()
	}
}

type limitedConn struct {
	net.Conn
	done func()
}

// Close closes the connection and makes room for another.
func (c *limitedConn) Close() error {
	c.done()
	return c.Conn.Close()
}
