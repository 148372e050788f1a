package uvnet

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A UDPConn is a UDP socket, connected or not, with methods of [net.UDPConn].
// Goroutines send and receive by themselves; the loop tells them when to.
type UDPConn struct {
	poller
	rmu, wmu sync.Mutex
	family   int
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

// takeUDP makes a UDPConn of a socket of package net, whose rules for addresses
// and options thereby hold here.
func (n *Net) takeUDP(network string, c *net.UDPConn) (*UDPConn, error) {
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

// dialUDP makes a connected socket.
func (d *Dialer) dialUDP(ctx context.Context, network string, addr *net.UDPAddr) (*UDPConn, error) {
	std := net.Dialer{LocalAddr: d.LocalAddr, Control: d.Control}
	if d.ControlContext != nil {
		std.ControlContext = func(_ context.Context, network, address string, c syscall.RawConn) error {
			return d.ControlContext(ctx, network, address, c)
		}
	}
	c, err := std.DialContext(lookupContext(ctx), network, addr.String()) // the hooks were called
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return nil, err
	}
	return d.Loops.takeUDP(network, c.(*net.UDPConn))
}

// ListenPacket is [net.ListenConfig.ListenPacket]: networks udp, udp4 and udp6.
func (lc *ListenConfig) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	if err := refuse("listen", network, address); err != nil {
		return nil, err
	}
	c, err := (&net.ListenConfig{Control: lc.Control}).ListenPacket(ctx, network, address)
	if err != nil {
		return nil, err
	}
	u, ok := c.(*net.UDPConn)
	if !ok {
		defer c.Close()
		return nil, &net.OpError{Op: "listen", Net: network, Addr: c.LocalAddr(), Err: unsupported(network)}
	}
	p, err := lc.Loops.takeUDP(network, u)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: c.LocalAddr(), Err: err}
	}
	return p, nil
}

// receive runs a receiving call until it has a packet.
func (c *UDPConn) receive(name string, call func() error) error {
	return c.attempt(&c.rmu, &c.rd, name, call)
}

// send runs a sending call until there is room for the packet.
func (c *UDPConn) send(name string, call func() error) error {
	return c.attempt(&c.wmu, &c.wr, name, call)
}

func (c *UDPConn) attempt(mu *sync.Mutex, s *side, name string, call func() error) error {
	mu.Lock()
	defer mu.Unlock()
	if err := c.acquire(); err != nil {
		return err
	}
	defer c.release()
	if err := c.usable(s); err != nil {
		return err
	}
	for {
		switch err := call(); err {
		case nil:
			return nil
		case unix.EINTR:
		case unix.EAGAIN:
			if err := c.wait(s); err != nil {
				return err
			}
		default:
			return os.NewSyscallError(name, err)
		}
	}
}

// ReadFromUDPAddrPort receives a packet and tells whom it is from; what does not
// fit into p is lost.
func (c *UDPConn) ReadFromUDPAddrPort(p []byte) (n int, addr netip.AddrPort, err error) {
	var from unix.Sockaddr
	err = c.receive("recvfrom", func() (err error) {
		n, from, err = unix.Recvfrom(c.fd, p, 0)
		return err
	})
	if err != nil {
		return 0, addr, c.opError("read", c.laddr, c.raddr, err)
	}
	return n, addrPortOf(from), nil
}

// ReadFromUDP receives a packet and tells whom it is from.
func (c *UDPConn) ReadFromUDP(p []byte) (int, *net.UDPAddr, error) {
	n, addr, err := c.ReadFromUDPAddrPort(p)
	if err != nil {
		return n, nil, err
	}
	return n, net.UDPAddrFromAddrPort(addr), nil
}

// ReadFrom receives a packet and tells whom it is from.
func (c *UDPConn) ReadFrom(p []byte) (int, net.Addr, error) {
	n, addr, err := c.ReadFromUDP(p)
	if addr == nil {
		return n, nil, err
	}
	return n, addr, err
}

// Read receives a packet; with no room for one it returns at once.
func (c *UDPConn) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		if c.ref.closed() {
			return 0, c.opError("read", c.laddr, c.raddr, net.ErrClosed)
		}
		return 0, nil
	}
	err = c.receive("read", func() (err error) {
		n, err = unix.Read(c.fd, p)
		return err
	})
	if err != nil {
		return 0, c.opError("read", c.laddr, c.raddr, err)
	}
	return n, nil
}

// ReadMsgUDPAddrPort receives a packet with its control messages.
func (c *UDPConn) ReadMsgUDPAddrPort(p, oob []byte) (n, oobn, flags int, addr netip.AddrPort, err error) {
	var from unix.Sockaddr
	err = c.receive("recvmsg", func() (err error) {
		n, oobn, flags, from, err = unix.Recvmsg(c.fd, p, oob, recvFlags)
		return err
	})
	if err != nil {
		return 0, 0, 0, addr, c.opError("read", c.laddr, c.raddr, err)
	}
	return n, oobn, flags, addrPortOf(from), nil
}

// ReadMsgUDP receives a packet with its control messages.
func (c *UDPConn) ReadMsgUDP(p, oob []byte) (n, oobn, flags int, addr *net.UDPAddr, err error) {
	n, oobn, flags, from, err := c.ReadMsgUDPAddrPort(p, oob)
	if from.IsValid() {
		addr = net.UDPAddrFromAddrPort(from)
	}
	return n, oobn, flags, addr, err
}

// Write sends a packet to the peer of a connected socket.
func (c *UDPConn) Write(p []byte) (n int, err error) {
	err = c.send("write", func() (err error) {
		n, err = unix.Write(c.fd, p)
		return err
	})
	if err != nil {
		return 0, c.opError("write", c.laddr, c.raddr, err)
	}
	return n, nil
}

// WriteToUDP sends a packet.
func (c *UDPConn) WriteToUDP(p []byte, addr *net.UDPAddr) (int, error) {
	n, _, err := c.writeMsg("sendto", p, nil, addr)
	if err != nil {
		err = c.opError("write", c.laddr, udpAddr(addr), err)
	}
	return n, err
}

// WriteToUDPAddrPort sends a packet.
func (c *UDPConn) WriteToUDPAddrPort(p []byte, addr netip.AddrPort) (int, error) {
	to := net.UDPAddrFromAddrPort(addr)
	if err := c.checkAddrPort(addr); err != nil {
		return 0, c.opError("write", c.laddr, to, err)
	}
	return c.WriteToUDP(p, to)
}

// WriteMsgUDPAddrPort sends a packet with control messages; addr is the zero
// AddrPort on a connected socket.
func (c *UDPConn) WriteMsgUDPAddrPort(p, oob []byte, addr netip.AddrPort) (n, oobn int, err error) {
	if c.raddr != nil && !addr.IsValid() {
		return c.WriteMsgUDP(p, oob, nil)
	}
	to := net.UDPAddrFromAddrPort(addr)
	if err := c.checkAddrPort(addr); err != nil {
		return 0, 0, c.opError("write", c.laddr, to, err)
	}
	return c.WriteMsgUDP(p, oob, to)
}

// checkAddrPort refuses an address that is none: it must not pass for the
// wildcard, as a UDPAddr without IP does.
func (c *UDPConn) checkAddrPort(addr netip.AddrPort) error {
	if addr.IsValid() || c.raddr != nil {
		return nil
	}
	return errMissingAddress
}

// WriteTo sends a packet; addr is a *net.UDPAddr.
func (c *UDPConn) WriteTo(p []byte, addr net.Addr) (int, error) {
	a, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, c.opError("write", c.laddr, addr, syscall.EINVAL)
	}
	return c.WriteToUDP(p, a)
}

// WriteMsgUDP sends a packet with control messages; addr is nil on a connected
// socket.
func (c *UDPConn) WriteMsgUDP(p, oob []byte, addr *net.UDPAddr) (n, oobn int, err error) {
	if c.raddr != nil && addr == nil {
		err = c.send("sendmsg", func() (err error) {
			n, err = unix.SendmsgN(c.fd, p, oob, nil, 0)
			return err
		})
		oobn = len(oob)
	} else {
		n, oobn, err = c.writeMsg("sendmsg", p, oob, addr)
	}
	if err != nil {
		return 0, 0, c.opError("write", c.laddr, udpAddr(addr), err)
	}
	return n, oobn, nil
}

func (c *UDPConn) writeMsg(name string, p, oob []byte, addr *net.UDPAddr) (n, oobn int, err error) {
	if c.raddr != nil {
		return 0, 0, net.ErrWriteToConnected
	}
	if addr == nil {
		return 0, 0, errMissingAddress
	}
	to, err := toSockaddr(c.family, addr.IP, addr.Port, addr.Zone)
	if err != nil {
		return 0, 0, err
	}
	err = c.send(name, func() (err error) {
		n, err = unix.SendmsgN(c.fd, p, oob, to, 0)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	return n, len(oob), nil
}

// LocalAddr returns the address of this end.
func (c *UDPConn) LocalAddr() net.Addr { return c.laddr }

// RemoteAddr returns the peer of a connected socket, or nil.
func (c *UDPConn) RemoteAddr() net.Addr { return c.raddr }

// SetDeadline sets the time after which receiving and sending fail.
func (c *UDPConn) SetDeadline(t time.Time) error { return c.setDeadline(t, &c.rd, &c.wr) }

// SetReadDeadline is SetDeadline for receiving alone.
func (c *UDPConn) SetReadDeadline(t time.Time) error { return c.setDeadline(t, &c.rd) }

// SetWriteDeadline is SetDeadline for sending alone.
func (c *UDPConn) SetWriteDeadline(t time.Time) error { return c.setDeadline(t, &c.wr) }

// Close closes the socket and ends calls under way with net.ErrClosed; the
// address is free when it returns.
func (c *UDPConn) Close() error {
	if !c.shut() {
		return c.opError("close", c.laddr, c.raddr, net.ErrClosed)
	}
	return nil
}

// File returns a duplicate of the socket.
func (c *UDPConn) File() (*os.File, error) {
	err := c.acquire()
	var f *os.File
	if err == nil {
		f, err = c.dup()
		c.release()
	}
	if err != nil {
		return nil, c.opError("file", c.laddr, c.raddr, err)
	}
	return f, nil
}

// SyscallConn gives access to the descriptor.
func (c *UDPConn) SyscallConn() (syscall.RawConn, error) {
	return &rawPoller{&c.poller, &c.rmu, &c.wmu}, nil
}

// addrPortOf is a sender's address, the zero AddrPort for none.
func addrPortOf(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).WithZone(zoneName(sa.ZoneId)), uint16(sa.Port))
	}
	return netip.AddrPort{}
}

// udpAddr keeps a nil address from becoming a net.Addr that is not nil.
func udpAddr(addr *net.UDPAddr) net.Addr {
	if addr == nil {
		return nil
	}
	return addr
}
