package server

import (
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// more is what few connections need, or only for a while. It is allocated when it is first
// needed, so that an idle connection does not pay for it.
type more struct {
	tls         *tlsConn                    // while facts has hasTLS
	err         error                       // what Close reports, but for io.EOF
	remote      netip.AddrPort              // the peer's address, if it is no IPv4
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

// rare returns the connection's more, and makes it if there is none. It belongs to the loop's
// goroutine.
func (c *Conn) rare() *more {
	m := c.more.Load()
	if m == nil {
		m = new(more)
		c.more.Store(m)
	}
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

// A peer is the address of a connection's peer in few bytes: 0 for none, as on a unix
// socket; 1<<48 | port<<32 | address for IPv4; peerInMore for others.
type peer uint64

const (
	peerIPv4   peer = 1 << 48
	peerInMore peer = 1 << 49
)

// setRemote sets the peer's address. It must come before other goroutines know the Conn.
func (c *Conn) setRemote(a netip.AddrPort) {
	a = netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
	switch {
	case !a.IsValid():
		c.peer = 0
	case a.Addr().Is4():
		ip := a.Addr().As4()
		c.peer = peerIPv4 | peer(a.Port())<<32 | peer(ip[0])<<24 | peer(ip[1])<<16 | peer(ip[2])<<8 | peer(ip[3])
	default:
		c.peer = peerInMore
		c.rare().remote = a
	}
}

// remote returns the peer's address, which is not valid on a unix socket.
func (c *Conn) remote() netip.AddrPort {
	switch p := c.peer; p {
	case 0:
		return netip.AddrPort{}
	case peerInMore:
		return c.more.Load().remote
	default:
		ip := netip.AddrFrom4([4]byte{byte(p >> 24), byte(p >> 16), byte(p >> 8), byte(p)})
		return netip.AddrPortFrom(ip, uint16(p>>32))
	}
}
