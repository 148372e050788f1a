package server

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/uv"
)

// An adopted is a socket that somebody else has bound: one that the process inherited, or that
// of a net.Listener. Its file, if it is a unix socket, is not ours to remove.
type adopted struct {
	fd       int
	taken    bool // ours to close, once a handle has a duplicate
	addr     net.Addr
	any      bool // bound to every interface
	datagram bool
}

// inherit adopts a descriptor by its number. From now on no child process inherits it. The
// server closes a taken one when it listens.
func inherit(fd int, taken bool) (*adopted, error) {
	a, err := inspect(fd)
	if err != nil {
		return nil, fmt.Errorf("descriptor %d %w", fd, err)
	}
	unix.CloseOnExec(fd)
	a.taken = taken
	return a, nil
}

// inspect tells what socket a descriptor is. Its errors complete a sentence.
func inspect(fd int) (*adopted, error) {
	typ, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	switch {
	case errors.Is(err, unix.EBADF):
		return nil, fmt.Errorf("is not open: %w", uv.EBADF)
	case errors.Is(err, unix.ENOTSOCK):
		return nil, fmt.Errorf("is not a socket: %w", uv.ENOTSOCK)
	case err != nil:
		return nil, fmt.Errorf("cannot be used: %w", err)
	case typ != unix.SOCK_STREAM && typ != unix.SOCK_DGRAM:
		return nil, fmt.Errorf("is a socket of neither streams nor datagrams: %w", uv.EINVAL)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return nil, fmt.Errorf("has no address: %w", err)
	}
	a := &adopted{fd: fd, datagram: typ == unix.SOCK_DGRAM}
	if !a.setAddr(name) {
		return nil, fmt.Errorf("is a socket of neither internet nor unix: %w", uv.EINVAL)
	}
	if a.datagram {
		return a, nil
	}
	if on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err != nil || on == 0 {
		if _, err := unix.Getpeername(fd); err == nil {
			return nil, fmt.Errorf("is a connection, not a listener (systemd: Accept=no): %w", uv.EINVAL)
		}
		return nil, fmt.Errorf("is a socket that does not listen: %w", uv.EINVAL)
	}
	return a, nil
}

// setAddr sets the address, unless the socket is of another family.
func (a *adopted) setAddr(name unix.Sockaddr) bool {
	var at netip.AddrPort
	switch n := name.(type) {
	case *unix.SockaddrInet4:
		at = netip.AddrPortFrom(netip.AddrFrom4(n.Addr), uint16(n.Port))
	case *unix.SockaddrInet6:
		ip := netip.AddrFrom16(n.Addr)
		if n.ZoneId != 0 {
			ip = ip.WithZone(fmt.Sprint(n.ZoneId))
		}
		at = netip.AddrPortFrom(ip, uint16(n.Port))
	case *unix.SockaddrUnix:
		a.addr = &net.UnixAddr{Name: n.Name, Net: "unix"}
		if a.datagram {
			a.addr = &net.UnixAddr{Name: n.Name, Net: "unixgram"}
		}
		return true
	default:
		return false
	}
	a.any = at.Addr().IsUnspecified()
	if a.addr = net.TCPAddrFromAddrPort(at); a.datagram {
		a.addr = net.UDPAddrFromAddrPort(at)
	}
	return true
}

// adoptListener adopts a duplicate of a listener's socket.
func adoptListener(ln net.Listener) (*adopted, error) {
	conn, ok := ln.(syscall.Conn)
	if !ok {
		if fmt.Sprintf("%T", ln) == "*tls.listener" { // which crypto/tls does not export
			return nil, fmt.Errorf("a listener of crypto/tls has no descriptor: give Serve the listener below it: %w", uv.EINVAL)
		}
		return nil, fmt.Errorf("a %T has no descriptor (SyscallConn): %w", ln, uv.EINVAL)
	}
	raw, err := conn.SyscallConn()
	if errors.Is(err, syscall.EINVAL) { // a zero one of package net
		return nil, fmt.Errorf("a %T that does not listen: %w", ln, uv.EINVAL)
	}
	if err != nil {
		return nil, err
	}
	fd, dup := -1, error(nil)
	if err := raw.Control(func(of uintptr) { fd, dup = unix.FcntlInt(of, unix.F_DUPFD_CLOEXEC, 3) }); err != nil {
		return nil, err
	}
	if dup != nil {
		return nil, dup
	}
	a, err := inspect(fd)
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("the socket of the %T at %v %w", ln, ln.Addr(), err)
	}
	a.taken = true
	return a, nil
}

// listenAdopted makes a listener of an adopted socket, which distributes its connections.
func (w *worker) listenAdopted(a *adopted) (*listener, error) {
	if a.addr.Network() == "unix" {
		return w.listenPipe(a.fd, a.addr)
	}
	t, err := w.loop.NewTCP()
	if err != nil {
		return nil, err
	}
	l := &listener{worker: w, stream: t, any: a.any, addr: a.addr, spread: len(w.server.workers) == 1}
	l.blank.listener = l
	if err = t.Open(uintptr(a.fd)); err == nil {
		err = l.startTCP(t)
	}
	if err != nil {
		t.Close()
		w.flush()
		return nil, err
	}
	return l, nil
}
