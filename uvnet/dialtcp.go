package uvnet

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/bubble"
	"github.com/uvgo/uvgo/internal/keepalive"
)

// dialTCP connects, by Multipath TCP first if that is asked for.
func (d *Dialer) dialTCP(ctx context.Context, network string, local, remote *net.TCPAddr) (*TCPConn, error) {
	w, err := d.Loops.worker()
	if err != nil {
		return nil, err
	}
	if d.MultipathTCP() {
		if c, err := d.persistTCP(ctx, w, network, local, remote, true); err == nil {
			return c, nil
		}
	}
	return d.persistTCP(ctx, w, network, local, remote, false)
}

// persistTCP connects. Where the kernel chooses the port of this end, it may choose the
// one that we connect to, or one that is in use: then it tries again, twice at most.
func (d *Dialer) persistTCP(ctx context.Context, w *worker, network string, local, remote *net.TCPAddr, multipath bool) (*TCPConn, error) {
	for try := 0; ; try++ {
		c, err := d.connectTCP(ctx, w, network, local, remote, multipath)
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

// selfConnected tells whether the connection's ends are one socket.
func selfConnected(c *TCPConn) bool {
	l, ok := c.laddr.(*net.TCPAddr)
	r, ok2 := c.raddr.(*net.TCPAddr)
	return ok && ok2 && l.Port == r.Port && l.IP.Equal(r.IP)
}

// dialFamily is the address family of a socket that dials: IPv4 only if both addresses
// are. So a socket bound to the wildcard of IPv6 reaches an IPv4 address, in its mapped
// form.
func dialFamily(network string, local, remote *net.TCPAddr) int {
	is4 := func(a *net.TCPAddr) bool { return a == nil || len(a.IP) <= net.IPv4len || a.IP.To4() != nil }
	switch {
	case network == "tcp4", network != "tcp6" && is4(local) && is4(remote):
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// connectTCP makes a socket and has the loop connect it.
func (d *Dialer) connectTCP(ctx context.Context, w *worker, network string, local, remote *net.TCPAddr, multipath bool) (*TCPConn, error) {
	to := *remote
	family := dialFamily(network, local, remote)
	if len(to.IP) == 0 || to.IP.IsUnspecified() { // this machine
		if to.IP = net.IPv4(127, 0, 0, 1); family == unix.AF_INET6 {
			to.IP = net.IPv6loopback
		}
	}
	if to.IP.To4() == nil && to.IP.IsLinkLocalUnicast() && zoneID(to.Zone) == 0 {
		return nil, sysCall("connect", unix.EINVAL) // the kernel's answer; libuv would pick an interface
	}
	fd, err := d.socketTCP(ctx, network, family, local, &to, multipath)
	if err != nil {
		return nil, err
	}
	c := newTCPConn(w, network, fd, nil, nil)
	err = connect(ctx, c, toAddrPort(family, to.IP, to.Port, to.Zone))
	c.life.dialed = err == nil || ctx.Err() == nil // a dial that was cancelled does not wait for the loop
	if err != nil {
		c.Close()
		return nil, err
	}
	if err := c.acquire(); err != nil { // the loop was shut down meanwhile
		return nil, err
	}
	c.count(&w.counts.dialed)
	defer c.release()
	sa, _ := unix.Getsockname(fd)
	c.laddr, c.raddr = fromSockaddr("tcp", sa), &to
	if sa, err := unix.Getpeername(fd); err == nil { // the kernel's form may differ from what was dialled
		c.raddr = fromSockaddr("tcp", sa)
	}
	tune(fd, keepalive.Config(d.KeepAlive, d.KeepAliveConfig))
	return c, nil
}

// socketTCP makes the socket, runs the user's hook on it and binds it.
func (d *Dialer) socketTCP(ctx context.Context, network string, family int, local, to *net.TCPAddr, multipath bool) (fd int, err error) {
	if multipath {
		fd, err = multipathSocket(family)
	} else {
		fd, err = socket(family, unix.SOCK_STREAM)
	}
	if err != nil {
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
	if local != nil {
		sa, err := toSockaddr(family, local.IP, local.Port, local.Zone)
		if err != nil {
			return fd, err
		}
		if err := unix.Bind(fd, sa); err != nil {
			return fd, sysCall("bind", err)
		}
	}
	if _, err := toSockaddr(family, to.IP, to.Port, to.Zone); err != nil { // with package net's error instead of libuv's
		return fd, err
	}
	if to.Port < 0 || to.Port > 65535 {
		return fd, sysCall("connect", unix.EINVAL)
	}
	return fd, nil
}

// A connectTask is a connection attempt.
type connectTask struct {
	c     *TCPConn
	addr  netip.AddrPort
	limit time.Duration // after which the attempt ends by itself; 0: it does not

	mu    sync.Mutex
	timer *time.Timer // the limit's
	err   error
	ended bool
	done  chan struct{} // of capacity one, since the dial may have ended
}

// connect connects c, until ctx ends.
func connect(ctx context.Context, c *TCPConn, addr netip.AddrPort) error {
	t := &connectTask{c: c, addr: addr, done: bubble.NewWake()}
	if at, ok := ctx.Deadline(); ok && bubble.Bubbled() { // a bubble's clock stands still while it waits: the loop keeps the time
		t.limit = max(time.Until(at), 1)
	}
	c.mu.Lock()
	c.life.share()
	c.mu.Unlock()
	if !c.w.push(t) {
		return errLoopClosed
	}
	select {
	case <-t.done:
		return t.err
	case <-ctx.Done():
		return contextError(ctx.Err())
	}
}

// run starts the attempt. C function uv_tcp_connect.
func (t *connectTask) run() {
	err := t.c.open()
	if err == nil {
		err = t.c.life.stream.(*handles.TCP).Connect(t.addr, t.report)
	}
	if err != nil {
		t.report(err)
		return
	}
	if t.limit != 0 {
		t.mu.Lock()
		t.timer = time.AfterFunc(t.limit, func() { t.end(contextError(context.DeadlineExceeded)) })
		t.mu.Unlock()
	}
}

func (t *connectTask) report(err error) {
	if err != nil {
		err = sysError("connect", err)
	}
	t.end(err)
	t.c.w.readied = true
}

// end gives the outcome to the goroutine that waits. Only the first outcome counts.
func (t *connectTask) end(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.timer != nil {
		t.timer.Stop()
	}
	if !t.ended {
		t.ended, t.err = true, err
		t.done <- struct{}{}
	}
}
