package uvnet

import (
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/sock"
)

// ReadFromUDPAddrPort receives a packet and tells whom it is from; what does not
// fit into p is lost. It allocates nothing.
func (c *UDPConn) ReadFromUDPAddrPort(p []byte) (n int, addr netip.AddrPort, err error) {
	var from sock.Addr
	err = c.receive("recvfrom", func() (err error) {
		n, err = sock.RecvFrom(c.fd, p, &from)
		return err
	})
	if err != nil {
		return 0, addr, c.opError("read", c.laddr, c.raddr, err)
	}
	return n, addrPortOf(&from), nil
}

// ReadFromUDP receives a packet and tells whom it is from. It is small enough to be
// inlined: then an address that does not outlive the caller is on the stack, and only
// its IP is allocated.
func (c *UDPConn) ReadFromUDP(p []byte) (int, *net.UDPAddr, error) {
	return c.readFrom(p, new(net.UDPAddr))
}

// readFrom fills in addr and returns it, or nil with an error.
func (c *UDPConn) readFrom(p []byte, addr *net.UDPAddr) (int, *net.UDPAddr, error) {
	n, from, err := c.ReadFromUDPAddrPort(p)
	if err != nil {
		return 0, nil, err
	}
	*addr = net.UDPAddr{IP: from.Addr().AsSlice(), Port: int(from.Port()), Zone: from.Addr().Zone()}
	return n, addr, nil
}

// ReadFrom receives a packet and tells whom it is from.
func (c *UDPConn) ReadFrom(p []byte) (int, net.Addr, error) {
	n, addr, err := c.readFrom(p, new(net.UDPAddr))
	if addr == nil {
		return n, nil, err
	}
	return n, addr, err
}

// ReadMsgUDPAddrPort receives a packet with its control messages and the flags
// of recvmsg(2). It allocates nothing.
func (c *UDPConn) ReadMsgUDPAddrPort(p, oob []byte) (n, oobn, flags int, addr netip.AddrPort, err error) {
	var from sock.Addr
	err = c.receive("recvmsg", func() (err error) {
		n, oobn, flags, err = sock.RecvMsg(c.fd, p, oob, &from)
		return err
	})
	if err != nil {
		return 0, 0, 0, addr, c.opError("read", c.laddr, c.raddr, err)
	}
	return n, oobn, flags, addrPortOf(&from), nil
}

// ReadMsgUDP receives a packet with its control messages and the flags of
// recvmsg(2).
func (c *UDPConn) ReadMsgUDP(p, oob []byte) (n, oobn, flags int, addr *net.UDPAddr, err error) {
	n, oobn, flags, from, err := c.ReadMsgUDPAddrPort(p, oob)
	if from.IsValid() {
		addr = net.UDPAddrFromAddrPort(from)
	}
	return n, oobn, flags, addr, err
}

// WriteToUDPAddrPort sends a packet. It allocates nothing.
func (c *UDPConn) WriteToUDPAddrPort(p []byte, addr netip.AddrPort) (int, error) {
	to, err := c.target(addr)
	if err == nil {
		err = c.sendTo(p, &to)
	}
	if err != nil {
		return 0, c.opError("write", c.laddr, net.UDPAddrFromAddrPort(addr), err)
	}
	return len(p), nil
}

// WriteToUDP sends a packet. It allocates nothing.
func (c *UDPConn) WriteToUDP(p []byte, addr *net.UDPAddr) (int, error) {
	to, err := c.targetUDP("sendto", addr)
	if err == nil {
		err = c.sendTo(p, &to)
	}
	if err != nil {
		return 0, c.opError("write", c.laddr, udpAddr(addr), err)
	}
	return len(p), nil
}

// WriteTo sends a packet; addr is a *net.UDPAddr. It allocates nothing.
func (c *UDPConn) WriteTo(p []byte, addr net.Addr) (int, error) {
	a, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, c.opError("write", c.laddr, addr, syscall.EINVAL)
	}
	return c.WriteToUDP(p, a)
}

// WriteMsgUDPAddrPort sends a packet with control messages; addr is the zero
// AddrPort on a connected socket. It allocates nothing.
func (c *UDPConn) WriteMsgUDPAddrPort(p, oob []byte, addr netip.AddrPort) (n, oobn int, err error) {
	if c.raddr != nil && !addr.IsValid() {
		return c.WriteMsgUDP(p, oob, nil)
	}
	to, err := c.target(addr)
	if err == nil {
		n, err = c.sendMsg(p, oob, &to)
	}
	if err != nil {
		return 0, 0, c.opError("write", c.laddr, net.UDPAddrFromAddrPort(addr), err)
	}
	return n, len(oob), nil
}

// WriteMsgUDP sends a packet with control messages; addr is nil on a connected
// socket. It allocates nothing.
func (c *UDPConn) WriteMsgUDP(p, oob []byte, addr *net.UDPAddr) (n, oobn int, err error) {
	var to sock.Addr
	if c.raddr != nil && addr == nil {
		n, err = c.sendMsg(p, oob, nil)
	} else if to, err = c.targetUDP("sendmsg", addr); err == nil {
		n, err = c.sendMsg(p, oob, &to)
	}
	if err != nil {
		return 0, 0, c.opError("write", c.laddr, udpAddr(addr), err)
	}
	return n, len(oob), nil
}

func (c *UDPConn) sendTo(p []byte, to *sock.Addr) error {
	return c.send("sendto", func() error { return sock.SendTo(c.fd, p, to) })
}

func (c *UDPConn) sendMsg(p, oob []byte, to *sock.Addr) (n int, err error) {
	err = c.send("sendmsg", func() (err error) {
		n, err = sock.SendMsg(c.fd, p, oob, to)
		return err
	})
	return n, err
}

// target is where a packet goes. It refuses the zero AddrPort, where a UDPAddr without IP
// stands for the wildcard.
func (c *UDPConn) target(addr netip.AddrPort) (sock.Addr, error) {
	ip := addr.Addr()
	switch {
	case c.raddr != nil:
		return sock.Addr{}, net.ErrWriteToConnected
	case !addr.IsValid():
		return sock.Addr{}, errMissingAddress
	case c.family == unix.AF_INET && !ip.Unmap().Is4():
		return sock.Addr{}, &net.AddrError{Err: "non-IPv4 address", Addr: ip.String()}
	}
	return c.sockAddr(ip, addr.Port()), nil
}

// targetUDP is target for a UDPAddr. The wildcard of either family stands for that of the
// socket's family. call is the system call that would refuse a port.
func (c *UDPConn) targetUDP(call string, addr *net.UDPAddr) (sock.Addr, error) {
	if c.raddr != nil {
		return sock.Addr{}, net.ErrWriteToConnected
	}
	if addr == nil {
		return sock.Addr{}, errMissingAddress
	}
	ip, _ := netip.AddrFromSlice(addr.IP)
	switch {
	case c.family == unix.AF_INET && len(addr.IP) == 0:
		ip = netip.IPv4Unspecified()
	case c.family == unix.AF_INET && !ip.Unmap().Is4():
		return sock.Addr{}, &net.AddrError{Err: "non-IPv4 address", Addr: addr.IP.String()}
	case c.family == unix.AF_INET:
	case len(addr.IP) == 0, addr.IP.Equal(net.IPv4zero):
		ip = netip.IPv6Unspecified()
	case !ip.IsValid():
		return sock.Addr{}, &net.AddrError{Err: "non-IPv6 address", Addr: addr.IP.String()}
	}
	if addr.Port < 0 || addr.Port > 65535 {
		return sock.Addr{}, sysCall(call, unix.EINVAL)
	}
	to := c.sockAddr(ip, uint16(addr.Port))
	if addr.Zone != "" && c.family != unix.AF_INET {
		to.Scope = zoneID(addr.Zone)
	}
	return to, nil
}

// sockAddr is an address in the form of the socket's family.
func (c *UDPConn) sockAddr(ip netip.Addr, port uint16) sock.Addr {
	if c.family == unix.AF_INET {
		return sock.Addr{IP: ip.Unmap(), Port: port}
	}
	to := sock.Addr{IP: ip, Port: port}
	if ip.Is4() {
		to.IP = netip.AddrFrom16(ip.As16())
	} else if zone := ip.Zone(); zone != "" {
		to.IP, to.Scope = ip.WithZone(""), zoneID(zone)
	}
	return to
}

// addrPortOf is a sender's address, the zero AddrPort for none.
func addrPortOf(from *sock.Addr) netip.AddrPort {
	ip := from.IP
	if from.Scope != 0 {
		ip = ip.WithZone(zoneName(from.Scope))
	}
	if !ip.IsValid() {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ip, from.Port)
}

// udpAddr keeps a nil address from becoming a net.Addr that is not nil.
func udpAddr(addr *net.UDPAddr) net.Addr {
	if addr == nil {
		return nil
	}
	return addr
}
