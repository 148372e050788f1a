package uvnet

import (
	"context"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// A UnixgramConn is a unix datagram socket, connected or not, with methods of
// [net.UnixConn], which is package net's type for streams and datagrams alike.
// Goroutines make the system calls themselves, and wait until the loop tells them to
// try again.
type UnixgramConn struct{ packetConn }

var _ net.Conn = (*UnixgramConn)(nil)
var _ net.PacketConn = (*UnixgramConn)(nil)
var _ syscall.Conn = (*UnixgramConn)(nil)

// unixgramFromNet makes a UnixgramConn of a socket of package net.
func (n *Net) unixgramFromNet(network string, c *net.UnixConn) (*UnixgramConn, error) {
	defer c.Close()
	w, err := n.worker()
	if err != nil {
		return nil, err
	}
	fd, err := dupOf(c)
	if err != nil {
		return nil, err
	}
	u := new(UnixgramConn)
	u.init(w, network, fd, c.LocalAddr(), c.RemoteAddr())
	return u, nil
}

// dialUnixgram makes a connected socket.
func (d *Dialer) dialUnixgram(ctx context.Context, addr *net.UnixAddr) (*UnixgramConn, error) {
	c, err := d.std(ctx).DialContext(lookupContext(ctx), addr.Net, addr.Name) // the hooks were called
	if err != nil {
		return nil, unwrapOp(err)
	}
	return d.Loops.unixgramFromNet(addr.Net, c.(*net.UnixConn))
}

// ReadFromUnix receives a packet and tells whom it is from: nil for a socket
// without a name. What does not fit into p is lost.
func (c *UnixgramConn) ReadFromUnix(p []byte) (n int, addr *net.UnixAddr, err error) {
	var from unix.Sockaddr
	err = c.receive("recvfrom", func() (err error) {
		n, from, err = unix.Recvfrom(c.fd, p, 0)
		return err
	})
	if err != nil {
		return 0, nil, c.opError("read", c.laddr, c.raddr, err)
	}
	return n, c.sender(from), nil
}

// ReadFrom receives a packet and tells whom it is from: nil for a socket without
// a name.
func (c *UnixgramConn) ReadFrom(p []byte) (int, net.Addr, error) {
	n, addr, err := c.ReadFromUnix(p)
	return n, unixAddr(addr), err
}

// ReadMsgUnix receives a packet with its control messages, descriptors among
// them, which close on exec.
func (c *UnixgramConn) ReadMsgUnix(p, oob []byte) (n, oobn, flags int, addr *net.UnixAddr, err error) {
	var from unix.Sockaddr
	err = c.receive("recvmsg", func() (err error) {
		n, oobn, flags, from, err = unix.Recvmsg(c.fd, p, oob, recvFlags)
		return err
	})
	if err != nil {
		return 0, 0, 0, nil, c.opError("read", c.laddr, c.raddr, err)
	}
	return n, oobn, flags, c.sender(from), nil
}

// WriteToUnix sends a packet.
func (c *UnixgramConn) WriteToUnix(p []byte, addr *net.UnixAddr) (int, error) {
	err := c.target(addr)
	switch {
	case err != nil:
	case addr == nil:
		err = errMissingAddress
	default:
		to := &unix.SockaddrUnix{Name: addr.Name}
		err = c.send("sendto", func() error { return unix.Sendto(c.fd, p, 0, to) })
	}
	if err != nil {
		return 0, c.opError("write", c.laddr, unixAddr(addr), err)
	}
	return len(p), nil
}

// WriteTo sends a packet; addr is a *net.UnixAddr.
func (c *UnixgramConn) WriteTo(p []byte, addr net.Addr) (int, error) {
	a, ok := addr.(*net.UnixAddr)
	if !ok {
		return 0, c.opError("write", c.laddr, addr, syscall.EINVAL)
	}
	return c.WriteToUnix(p, a)
}

// WriteMsgUnix sends a packet with control messages, descriptors among them.
func (c *UnixgramConn) WriteMsgUnix(p, oob []byte, addr *net.UnixAddr) (n, oobn int, err error) {
	if err = c.target(addr); err == nil {
		var to unix.Sockaddr
		if addr != nil {
			to = &unix.SockaddrUnix{Name: addr.Name}
		}
		err = c.send("sendmsg", func() (err error) {
			n, err = unix.SendmsgN(c.fd, p, oob, to, 0)
			return err
		})
	}
	if err != nil {
		return 0, 0, c.opError("write", c.laddr, unixAddr(addr), err)
	}
	return n, len(oob), nil
}

// target tells why a packet cannot go to addr, or nil.
func (c *UnixgramConn) target(addr *net.UnixAddr) error {
	switch {
	case c.raddr != nil:
		return net.ErrWriteToConnected
	case addr != nil && addr.Net != c.net:
		return syscall.EAFNOSUPPORT
	}
	return nil
}

// sender is the address of a packet's sender, nil for a socket without a name.
func (c *UnixgramConn) sender(sa unix.Sockaddr) *net.UnixAddr {
	if u, ok := sa.(*unix.SockaddrUnix); ok && u.Name != "" {
		return &net.UnixAddr{Name: u.Name, Net: c.net}
	}
	return nil
}

// unixAddr keeps a nil address from becoming a net.Addr that is not nil.
func unixAddr(addr *net.UnixAddr) net.Addr {
	if addr == nil {
		return nil
	}
	return addr
}
