package server

import (
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// more is what few connections need, or only for a while. It is allocated when it is first
// needed, so that an idle connection does not pay for it. Until then an accepted connection has
// its listener's blank one, which nobody changes, and one of Dial has none.
type more struct {
	listener    *listener                   // that accepted the connection, nil for one of Dial
	tls         *tlsConn                    // while facts has hasTLS
	err         error                       // what Close reports, but for io.EOF
	remote      netip.AddrPort              // the peer's address, if the stream does not have it
	local       atomic.Pointer[net.TCPAddr] // what LocalAddr has found for a wildcard listener's connection
	dial        *dial                       // nil unless Dial made the connection
	proxied     *proxied                    // the PROXY header, if there was one
	early       []byte                      // while facts has hasEarly: what came with it
	idle, write time.Duration               // of SetIdleTimeout and SetWriteTimeout, see timeout.go

	// While facts has stuck: of the bytes that the kernel did not take, see stuckSince.
	queued  int           // how many were unsent at the last look
	written int           // and how many were written since
	since   time.Duration // when the kernel was last seen to take some
}

// rare returns the connection's more to change it, and makes it if there is none. It belongs
// to the loop's goroutine.
func (c *Conn) rare() *more {
	m := c.more.Load()
	switch {
	case m == nil:
		m = new(more)
	case m.listener != nil && m == &m.listener.blank:
		m = &more{listener: m.listener}
	default:
		return m
	}
	c.more.Store(m)
	return m
}

// secured returns the connection's TLS, nil without it.
func (c *Conn) secured() *tlsConn {
	if !c.is(hasTLS) {
		return nil
	}
	return c.more.Load().tls
}

// cause is what Close reports.
func (c *Conn) cause() error {
	if m := c.more.Load(); m != nil && m.err != nil {
		return m.err
	}
	if c.why == byPeer {
		return io.EOF
	}
	return nil
}

// setPeer sets the peer's address of an accepted connection. It must come before other
// goroutines know the Conn.
func (c *Conn) setPeer(a netip.AddrPort) {
	if a = unmapped(a); a.IsValid() && !c.stream.SetPeer(a) {
		c.setRemote(a)
	}
}

// setRemote sets the peer's address, if another one than the stream's counts. It must come
// before other goroutines know the address.
func (c *Conn) setRemote(a netip.AddrPort) { c.rare().remote = unmapped(a) }

// remote returns the peer's address, which is not valid on a unix socket.
func (c *Conn) remote() netip.AddrPort {
	if m := c.more.Load(); m != nil && m.remote.IsValid() {
		return m.remote
	}
	a, _ := c.stream.Peer()
	return unmapped(a)
}

// unmapped returns the address without the form that IPv4 has inside IPv6.
func unmapped(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
