package uvhttp

import (
	"net"
	"sync"
)

// handed is the listener of net/http's server: it accepts the connections that speak HTTP/2.
type handed struct {
	conns chan net.Conn
	addr  net.Addr
	close sync.Once
	ended chan struct{}
	start func() // serves from the listener, once
}

func newHanded(serve func(net.Listener)) *handed {
	h := &handed{conns: make(chan net.Conn), ended: make(chan struct{})}
	h.start = sync.OnceFunc(func() { go serve(h) })
	return h
}

// hand hands a connection to net/http. It does not wait: this may be a loop.
func (h *handed) hand(c net.Conn) {
	h.start()
	go func() {
		select {
		case h.conns <- c:
		case <-h.ended:
			_ = c.Close()
		}
	}()
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
