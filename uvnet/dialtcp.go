package uvnet

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
)

// dialTCP connects. Where the kernel chose the port of this end, it may have
// chosen the one we connect to, or one that is taken: then it gets another
// chance or two.
func (d *Dialer) dialTCP(ctx context.Context, w *worker, network string, local, remote *net.TCPAddr) (*TCPConn, error) {
	for try := 0; ; try++ {
		c, err := d.connectTCP(ctx, w, network, local, remote)
		if try == 2 || local != nil && local.Port != 0 {
			return c, err
		}
		switch {
		case err == nil && selfConnected(c):
			c.Close()
		case errors.Is(err, syscall.EADDRNOTAVAIL):
		default:
			return c, err
		}
	}
}

// selfConnected tells whether both ends are one.
func selfConnected(c *TCPConn) bool {
	l, ok := c.laddr.(*net.TCPAddr)
	r, ok2 := c.raddr.(*net.TCPAddr)
	return ok && ok2 && l.Port == r.Port && l.IP.Equal(r.IP)
}

// connectTCP makes a socket and has the loop connect it.
func (d *Dialer) connectTCP(ctx context.Context, w *worker, network string, local, remote *net.TCPAddr) (*TCPConn, error) {
	to := *remote
	if len(to.IP) == 0 || to.IP.IsUnspecified() { // this machine
		if to.IP = net.IPv4(127, 0, 0, 1); network == "tcp6" || len(remote.IP) != 0 && remote.IP.To4() == nil {
			to.IP = net.IPv6loopback
		}
	}
	if to.IP.To4() == nil && to.IP.IsLinkLocalUnicast() && zoneID(to.Zone) == 0 {
		return nil, sysCall("connect", unix.EINVAL) // the kernel's answer; libuv would pick an interface
	}
	family := unix.AF_INET6
	if to.IP.To4() != nil && network != "tcp6" {
		family = unix.AF_INET
	}
	fd, err := d.socketTCP(ctx, network, family, local, &to)
	if err != nil {
		return nil, err
	}
	c := newTCPConn(w, network, fd, nil, nil)
	if err := connect(ctx, c, toAddrPort(family, to.IP, to.Port, to.Zone)); err != nil {
		c.Close()
		return nil, err
	}
	if err := c.acquire(); err != nil { // the loop was shut down meanwhile
		return nil, err
	}
	defer c.release()
	sa, _ := unix.Getsockname(fd)
	c.laddr = fromSockaddr("tcp", sa)
	if ip4 := to.IP.To4(); ip4 != nil {
		to.IP = ip4
	}
	c.raddr = &to
	tune(fd, keepAliveConfig(d.KeepAlive, d.KeepAliveConfig))
	return c, nil
}

// socketTCP makes the socket, runs the user's hook on it and binds it.
func (d *Dialer) socketTCP(ctx context.Context, network string, family int, local, to *net.TCPAddr) (fd int, err error) {
	if fd, err = socket(family, unix.SOCK_STREAM); err != nil {
		return -1, err
	}
	defer func() {
		if err != nil {
			unix.Close(fd)
		}
	}()
	_ = setsockopt(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, 1) // package net does
	name := "tcp4"
	if family == unix.AF_INET6 {
		name = "tcp6"
		_ = setsockopt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, boolint(network == "tcp6"))
	}
	if err = d.control(ctx, name, to.String(), fd); err != nil {
		return fd, err
	}
	if local == nil {
		return fd, nil
	}
	sa, err := toSockaddr(family, local.IP, local.Port, local.Zone)
	if err != nil {
		return fd, err
	}
	return fd, sysCall("bind", unix.Bind(fd, sa))
}

// A connectTask is a connection attempt.
type connectTask struct {
	c    *TCPConn
	addr netip.AddrPort
	done chan error // room for the outcome: nobody may wait for it any more
}

// connect connects c, until ctx ends.
func connect(ctx context.Context, c *TCPConn, addr netip.AddrPort) error {
	t := &connectTask{c, addr, make(chan error, 1)}
	c.onLoop = true
	if !c.w.push(t) {
		return errLoopGone
	}
	select {
	case err := <-t.done:
		return err
	case <-ctx.Done():
		return contextError(ctx.Err())
	}
}

// run starts the attempt. C function uv_tcp_connect.
func (t *connectTask) run() {
	err := t.c.open()
	if err == nil {
		err = t.c.stream.(*handles.TCP).Connect(t.addr, t.report)
	}
	if err != nil {
		t.report(err)
	}
}

func (t *connectTask) report(err error) {
	if err != nil {
		err = sysError("connect", err)
	}
	t.done <- err
	t.c.w.readied = true
}
