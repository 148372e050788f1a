package server

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"

	"github.com/uvgo/uvgo/internal/proxyproto"
	"github.com/uvgo/uvgo/uv"
)

// A ProxyMode says whether connections begin with a header of the PROXY protocol.
type ProxyMode int

const (
	// ProxyOff says that a header is not looked for.
	ProxyOff ProxyMode = iota
	// ProxyOptional says that a trusted peer may send a header, before anything else. It is for protocols
	// in which the client sends first, because Open waits for its first bytes. A peer that is not
	// trusted is a client: nothing is looked for, and Open is called at once.
	ProxyOptional
	// ProxyRequired says that a connection of a trusted peer without a header is closed, and one of
	// any other peer is closed at once.
	ProxyRequired
)

// A ProxyProtocol says who may announce clients' addresses by the PROXY protocol, version 1 or
// 2. Open is called once the header has arrived, within HandshakeTimeout. RemoteAddr and
// LocalAddr are then the announced addresses, unless the header announces none (LOCAL, UNKNOWN,
// UNSPEC, datagrams), and MaxConnsPerIP counts the announced one. The header comes before TLS.
//
// A connection whose header is malformed, missing or not allowed is closed before Open, so
// Close is not called either. Stats count it in Closed.Proxy, and the Logger gets a report, once
// a second at most, in which errors.Is finds [ErrProxyHeader] or [ErrProxyPeer]. One that the
// peer ends before its first byte, as health checks do, counts as ended by the peer.
type ProxyProtocol struct {
	Mode ProxyMode
	// Trusted are the proxies' networks: nil trusts no TCP peer. Peers on unix sockets are
	// always trusted. For anybody: 0.0.0.0/0 and ::/0. Listen fails with EINVAL if there are
	// any with ProxyOff, or none with ProxyRequired and a TCP listener.
	Trusted []netip.Prefix
}

// check refuses what makes no sense.
func (p *ProxyProtocol) check() error {
	if p.Mode < ProxyOff || p.Mode > ProxyRequired {
		return fmt.Errorf("server: ProxyProtocol: unknown mode %d: %w", p.Mode, uv.EINVAL)
	}
	for _, n := range p.Trusted {
		if !n.IsValid() {
			return fmt.Errorf("server: ProxyProtocol: bad network among Trusted: %w", uv.EINVAL)
		}
	}
	if p.Mode == ProxyOff && len(p.Trusted) > 0 {
		return fmt.Errorf("server: ProxyProtocol: Trusted with Mode ProxyOff: %w", uv.EINVAL)
	}
	return nil
}

// checkListeners refuses a TCP listener of which every connection would be closed.
func (p *ProxyProtocol) checkListeners(ls []*listener) error {
	if p.Mode != ProxyRequired || len(p.Trusted) > 0 {
		return nil
	}
	for _, l := range ls {
		if l.stream.Base().Kind() == uv.KindTCP {
			return fmt.Errorf("ProxyProtocol: ProxyRequired without Trusted networks refuses every connection: %w", uv.EINVAL)
		}
	}
	return nil
}

// trusts tells whether the connection's peer may send a header.
func (p *ProxyProtocol) trusts(c *Conn) bool {
	if c.stream.Kind() != uv.KindTCP {
		return true
	}
	ip := c.remote().Addr().WithZone("")
	for _, n := range p.Trusted {
		if n.Contains(ip) {
			return true
		}
	}
	return false
}

// A proxied is a connection's PROXY header: while it arrives, and then what it said.
type proxied struct {
	conn   *Conn
	parser *proxyproto.Parser // nil once the header has been read
	peer   net.Addr           // the proxy's
	header proxyproto.Header
	begun  bool // Open has returned: the bytes that came with the header may be handed out
}

// awaitHeader looks for a header. It returns false if the connection may begin without one.
func (c *Conn) awaitHeader() bool {
	p := &c.worker.server.ProxyProtocol
	switch {
	case p.Mode == ProxyOff:
		return false
	case !p.trusts(c):
		if p.Mode == ProxyOptional {
			return false
		}
		c.failAs(badProxy, ErrProxyPeer)
		return true
	}
	h := &proxied{conn: c, parser: new(proxyproto.Parser)}
	c.facts |= readsHeader
	c.rare().proxied = h
	c.beginHandshake()
	c.setReading()
	return true
}

// read handles what arrives until the header is complete.
func (h *proxied) read(p []byte, err error) {
	c := h.conn
	switch {
	case c.closes():
		c.data(p, err)
	case err == io.EOF:
		h.end()
	case err != nil:
		c.readEnd(err)
	default:
		h.feed(p)
	}
}

// feed takes a part of the header, and what follows it.
func (h *proxied) feed(p []byte) {
	c := h.conn
	header, rest, err := h.parser.Feed(p)
	switch {
	case err == proxyproto.ErrShort:
	case err == proxyproto.ErrNone && h.optional():
		h.begin(rest)
	case err != nil:
		c.failAs(badProxy, fmt.Errorf("%w: %w", ErrProxyHeader, err))
	default:
		h.announce(header)
		h.begin(rest)
	}
}

func (h *proxied) optional() bool {
	return h.conn.worker.server.ProxyProtocol.Mode == ProxyOptional
}

// end handles the peer's EOF before the header was complete.
func (h *proxied) end() {
	c := h.conn
	begun := h.parser.Pending()
	switch {
	case h.optional():
		h.begin(begun)
		if !c.is(hasEarly) { // otherwise it is read again, behind these bytes
			c.data(nil, io.EOF)
		}
	case len(begun) == 0:
		c.why = byPeer
		c.closeNow()
	default:
		c.failAs(badProxy, fmt.Errorf("%w: the peer ended its side within it", ErrProxyHeader))
	}
}

// announce notes what the header says.
func (h *proxied) announce(header proxyproto.Header) {
	c := h.conn
	h.peer = c.RemoteAddr()
	h.header = header
	h.header.TLVs = bytes.Clone(header.TLVs)
	if header.Src.IsValid() {
		c.setRemote(header.Src)
		c.rare().local.Store(net.TCPAddrFromAddrPort(netip.AddrPortFrom(header.Dst.Addr().Unmap(), header.Dst.Port())))
	}
}

// begin begins the connection, whose first bytes are rest.
func (h *proxied) begin(rest []byte) {
	c := h.conn
	h.parser = nil
	c.facts &^= readsHeader
	_ = c.stream.ReadStop() // begin starts it again, unless rest has to come first
	if len(rest) > 0 {
		c.facts |= hasEarly
		c.rare().early = rest
	}
	c.begin()
	h.begun = true
	c.takeEarly()
	if c.is(hasEarly) { // the handler has paused: rest is borrowed
		m := c.more.Load()
		m.early = bytes.Clone(m.early)
	}
}

// takeEarly hands out what came with the header, if the connection takes it.
func (c *Conn) takeEarly() {
	m := c.more.Load()
	if !c.is(hasEarly) || m.early == nil || !m.proxied.begun || c.reads != receiving || !c.takesData() {
		return
	}
	p := m.early
	m.early = nil
	returned := false
	defer c.exited(&returned)
	c.data(p, nil)
	returned = true
	c.facts &^= hasEarly // not before: Data may block, and what is read next has to wait
	if !c.closes() {
		c.setReading()
	}
}

// An earlyConn is a Conn that may take what came with the header.
type earlyConn Conn

// DeferredSlot makes the delivery one of the stream's events: while Data blocks, reads and the
// close wait.
func (e *earlyConn) DeferredSlot() uint32 { return e.stream.DeferredSlot() }

// Deliver hands it out in the next turn.
func (e *earlyConn) Deliver() { (*Conn)(e).takeEarly() }

// announced returns the PROXY header of the connection, nil if it has none.
func (c *Conn) announced() *proxied {
	if c == nil || c.worker == nil {
		return nil
	}
	if m := c.more.Load(); m != nil && m.proxied != nil && m.proxied.peer != nil {
		return m.proxied
	}
	return nil
}

// ProxyAddr returns the address of the proxy that sent a PROXY header: the real peer, also if
// the header announced no address. nil for a connection without a header. Any goroutine may
// call it.
func (c *Conn) ProxyAddr() net.Addr {
	if h := c.announced(); h != nil {
		return h.peer
	}
	return nil
}

// ProxyTLVs returns the fields behind the addresses of a PROXY header of version 2, which the
// server has checked: each has a type (1 byte), a length (2 bytes, big-endian) and so many
// bytes. They must not be changed. Any goroutine may call it.
func (c *Conn) ProxyTLVs() []byte {
	if h := c.announced(); h != nil {
		return h.header.TLVs
	}
	return nil
}

// ProxyHeader returns a header of the PROXY protocol, version 1 or 2, for a proxy to write
// first. src is the client's address and dst the one that it connected to: Conn.RemoteAddr and
// Conn.LocalAddr. Unix addresses go into version 2 only. A header for other addresses, nil too,
// announces none (UNKNOWN, LOCAL). EINVAL for another version.
func ProxyHeader(version int, src, dst net.Addr) ([]byte, error) {
	s, _ := src.(*net.TCPAddr)
	d, _ := dst.(*net.TCPAddr)
	var from, to netip.AddrPort
	if s != nil && d != nil {
		from, to = s.AddrPort(), d.AddrPort()
	}
	switch version {
	case 1:
		return proxyproto.Append1(nil, from, to), nil
	case 2:
		us, _ := src.(*net.UnixAddr)
		ud, _ := dst.(*net.UnixAddr)
		if us != nil && ud != nil {
			return proxyproto.AppendUnix2(nil, us.Name, ud.Name), nil
		}
		return proxyproto.Append2(nil, from, to), nil
	}
	return nil, uv.Fail("server: proxy header", uv.EINVAL)
}
