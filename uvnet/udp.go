package uvnet

import (
	"context"
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// A UDPConn is a UDP socket, connected or not, with the methods of
// [net.UDPConn]. Goroutines make the system calls themselves, and wait until the loop
// tells them to try again.
type UDPConn struct {
	packetConn
	family int
}

var _ net.Conn = (*UDPConn)(nil)
var _ net.PacketConn = (*UDPConn)(nil)
var _ syscall.Conn = (*UDPConn)(nil)

func newUDPConn(w *worker, network string, fd int, laddr, raddr net.Addr) *UDPConn {
	c := &UDPConn{family: unix.AF_INET6}
	if sa, err := unix.Getsockname(fd); err == nil {
		if _, ok := sa.(*unix.SockaddrInet4); ok {
			c.family = unix.AF_INET
		}
	}
	c.init(w, network, fd, laddr, raddr)
	return c
}

// udpFromNet makes a UDPConn of a socket of package net, whose rules for addresses
// and options thereby hold here.
func (n *Net) udpFromNet(network string, c *net.UDPConn) (*UDPConn, error) {
	defer c.Close()
	w, err := n.worker()
	if err != nil {
		return nil, err
	}
	fd, err := dupOf(c)
	if err != nil {
		return nil, err
	}
	return newUDPConn(w, network, fd, c.LocalAddr(), c.RemoteAddr()), nil
}

// std is the Dialer of package net for a network that package net dials. It leaves out the
// limits, which ctx has, and the resolver, since the address has been resolved.
func (d *Dialer) std(ctx context.Context) *net.Dialer {
	std := &net.Dialer{LocalAddr: d.LocalAddr, Control: d.Control}
	if d.ControlContext != nil {
		std.ControlContext = func(_ context.Context, network, address string, c syscall.RawConn) error {
			return d.ControlContext(ctx, network, address, c)
		}
	}
	return std
}

// dialUDP makes a connected socket.
func (d *Dialer) dialUDP(ctx context.Context, network string, addr *net.UDPAddr) (*UDPConn, error) {
	c, err := d.std(ctx).DialContext(lookupContext(ctx), network, addr.String()) // the hooks were called
	if err != nil {
		return nil, unwrapOp(err)
	}
	return d.Loops.udpFromNet(network, c.(*net.UDPConn))
}

// unwrapOp returns what package net has wrapped in an error of its own.
func unwrapOp(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// ListenPacket is [net.ListenConfig.ListenPacket]: networks udp, udp4, udp6 and
// unixgram.
func (lc *ListenConfig) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	if err := checkNetwork("listen", network, address); err != nil {
		return nil, err
	}
	c, err := (&net.ListenConfig{Control: lc.Control}).ListenPacket(ctx, network, address)
	if err != nil {
		return nil, err
	}
	p, err := lc.Loops.packetFromNet(network, c)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: c.LocalAddr(), Err: err}
	}
	return p, nil
}

// packetFromNet makes a packet connection of one of package net.
func (n *Net) packetFromNet(network string, c net.PacketConn) (net.PacketConn, error) {
	switch c := c.(type) {
	case *net.UDPConn:
		return packet(n.udpFromNet(network, c))
	case *net.UnixConn:
		return packet(n.unixgramFromNet(network, c))
	}
	_ = c.Close()
	return nil, unsupported(network)
}

// packet keeps a nil connection from becoming a net.PacketConn that is not nil.
func packet[C net.PacketConn](c C, err error) (net.PacketConn, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}
