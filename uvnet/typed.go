package uvnet

import (
	"context"
	"net"
	"net/netip"
)

// ListenTCP is [net.ListenTCP]: networks tcp, tcp4 and tcp6; a nil address is the
// wildcard and a port of the system's choice.
func ListenTCP(network string, laddr *net.TCPAddr) (*TCPListener, error) {
	at := laddr
	if at == nil {
		at = new(net.TCPAddr)
	}
	var lc ListenConfig
	var ln net.Listener
	var err error
	if plain(network, at) {
		ln, err = lc.Listen(context.Background(), network, at.String())
	} else if ln, err = net.ListenTCP(network, laddr); err == nil {
		ln, err = lc.listenerFromNet(network, ln, true)
	}
	if err != nil {
		return nil, err
	}
	return ln.(*TCPListener), nil
}

// plain tells whether the address, written out, means the same to Listen. Package net's
// ListenTCP answers for any other.
func plain(network string, a *net.TCPAddr) bool {
	if a.Port < 0 || a.Port > 65535 {
		return false
	}
	is4 := a.IP.To4() != nil
	switch network {
	case "tcp":
		return len(a.IP) == 0 || a.IP.To16() != nil
	case "tcp4":
		return len(a.IP) == 0 || is4
	case "tcp6":
		return len(a.IP) == 0 || !is4 && len(a.IP) == net.IPv6len
	}
	return false
}

// DialTCP is [net.DialTCP]: networks tcp, tcp4 and tcp6; a nil laddr lets the
// system choose.
func DialTCP(network string, laddr, raddr *net.TCPAddr) (*TCPConn, error) {
	return new(Dialer).connectTo(context.Background(), network, laddr, raddr)
}

// DialTCP is [net.Dialer.DialTCP]. LocalAddr is not used.
func (d *Dialer) DialTCP(ctx context.Context, network string, laddr, raddr netip.AddrPort) (*TCPConn, error) {
	ctx, cancel := d.withLimits(ctx)
	defer cancel()
	return d.connectTo(ctx, network, net.TCPAddrFromAddrPort(laddr), net.TCPAddrFromAddrPort(raddr))
}

// connectTo dials one address of TCP.
func (d *Dialer) connectTo(ctx context.Context, network string, laddr, raddr *net.TCPAddr) (*TCPConn, error) {
	var c *TCPConn
	var err error
	switch {
	case network != "tcp" && network != "tcp4" && network != "tcp6":
		err = net.UnknownNetworkError(network)
	case raddr == nil:
		err = errMissingAddress
	default:
		c, err = d.dialTCP(ctx, network, laddr, raddr)
	}
	if err != nil {
		return nil, typedError("dial", network, laddr, raddr, err)
	}
	return c, nil
}

// ListenUDP is [net.ListenUDP]: networks udp, udp4 and udp6; a nil address is the
// wildcard and a port of the system's choice.
func ListenUDP(network string, laddr *net.UDPAddr) (*UDPConn, error) {
	c, err := net.ListenUDP(network, laddr)
	return typedFromNet("listen", network, c, err, (*Net)(nil).udpFromNet)
}

// ListenMulticastUDP is [net.ListenMulticastUDP]: a socket that has joined the
// group gaddr on an interface, nil for one of the system's choice.
func ListenMulticastUDP(network string, ifi *net.Interface, gaddr *net.UDPAddr) (*UDPConn, error) {
	c, err := net.ListenMulticastUDP(network, ifi, gaddr)
	return typedFromNet("listen", network, c, err, (*Net)(nil).udpFromNet)
}

// DialUDP is [net.DialUDP]: networks udp, udp4 and udp6; a nil laddr lets the
// system choose.
func DialUDP(network string, laddr, raddr *net.UDPAddr) (*UDPConn, error) {
	c, err := net.DialUDP(network, laddr, raddr)
	return typedFromNet("dial", network, c, err, (*Net)(nil).udpFromNet)
}

// DialUDP is [net.Dialer.DialUDP]. LocalAddr is not used.
func (d *Dialer) DialUDP(ctx context.Context, network string, laddr, raddr netip.AddrPort) (*UDPConn, error) {
	ctx, cancel := d.withLimits(ctx)
	defer cancel()
	c, err := d.std(ctx).DialUDP(ctx, network, laddr, raddr)
	return typedFromNet("dial", network, c, err, d.Loops.udpFromNet)
}

// ListenUnix is [net.ListenUnix]: network unix.
func ListenUnix(network string, laddr *net.UnixAddr) (*UnixListener, error) {
	if network == "unixpacket" {
		return nil, typedError("listen", network, nil, laddr, unsupported(network))
	}
	std, err := net.ListenUnix(network, laddr)
	if err != nil {
		return nil, err
	}
	ln, err := new(ListenConfig).listenerFromNet(network, std, true)
	if err != nil {
		return nil, err
	}
	return ln.(*UnixListener), nil
}

// ListenUnixgram is [net.ListenUnixgram]: network unixgram.
func ListenUnixgram(network string, laddr *net.UnixAddr) (*UnixgramConn, error) {
	c, err := net.ListenUnixgram(network, laddr)
	return typedFromNet("listen", network, c, err, (*Net)(nil).unixgramFromNet)
}

// DialUnix is [net.DialUnix] for network unix: a connection of unixgram is a
// [UnixgramConn], which Dial returns.
func DialUnix(network string, laddr, raddr *net.UnixAddr) (*UnixConn, error) {
	return new(Dialer).DialUnix(context.Background(), network, laddr, raddr)
}

// DialUnix is [net.Dialer.DialUnix] for network unix. LocalAddr is not used.
func (d *Dialer) DialUnix(ctx context.Context, network string, laddr, raddr *net.UnixAddr) (*UnixConn, error) {
	ctx, cancel := d.withLimits(ctx)
	defer cancel()
	var c *UnixConn
	var err error
	switch network {
	case "unix":
		c, err = d.dialUnix(ctx, network, laddr, raddr)
	case "unixgram", "unixpacket":
		err = unsupported(network)
	default:
		err = net.UnknownNetworkError(network)
	}
	if err != nil {
		return nil, typedError("dial", network, laddr, raddr, err)
	}
	return c, nil
}

// typedFromNet makes a connection of the result of a function of package net.
func typedFromNet[S net.PacketConn, C net.PacketConn](op, network string, std S, err error, convert func(string, S) (C, error)) (c C, _ error) {
	if err != nil {
		return c, err
	}
	if c, err = convert(network, std); err != nil {
		return c, &net.OpError{Op: op, Net: network, Addr: std.LocalAddr(), Err: err}
	}
	return c, nil
}

// typedError wraps an error with the addresses that are not nil.
func typedError[A *net.TCPAddr | *net.UnixAddr](op, network string, source, addr A, err error) error {
	e := &net.OpError{Op: op, Net: network, Err: err}
	if source != nil {
		e.Source = any(source).(net.Addr)
	}
	if addr != nil {
		e.Addr = any(addr).(net.Addr)
	}
	return e
}
