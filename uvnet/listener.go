package uvnet

import (
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/keepalive"
)

// listener is what TCPListener and UnixListener have in common: goroutines in
// Accept make the system call themselves, and wait until the loop tells them that
// there are connections. So the kernel's backlog is the only queue, and Accept returns
// the error where the process is out of descriptors.
type listener struct {
	poller
	amu   sync.Mutex // held by the goroutine that accepts
	loops *Net
}

// acceptFD accepts a connection, waits for one if need be, and picks its loop.
func (l *listener) acceptFD() (fd int, sa unix.Sockaddr, w *worker, err error) {
	l.amu.Lock()
	defer l.amu.Unlock()
	if err := l.acquire(); err != nil {
		return -1, nil, nil, err
	}
	defer l.release()
	if err := l.check(&l.rd); err != nil {
		return -1, nil, nil, err
	}
	for {
		fd, sa, err = accept(l.fd)
		switch err {
		case nil:
			if w, err = l.loops.worker(); err != nil {
				unix.Close(fd)
			}
			return fd, sa, w, err
		case unix.EINTR, unix.ECONNABORTED: // the peer has given up already
		case unix.EAGAIN:
			if err := l.wait(&l.rd); err != nil {
				return -1, nil, nil, err
			}
		default:
			return -1, nil, nil, os.NewSyscallError("accept4", err)
		}
	}
}

// acceptError wraps an error of Accept.
func (l *listener) acceptError(err error) error {
	return l.opError("accept", nil, l.laddr, err)
}

// Addr returns the address that the listener is bound to.
func (l *listener) Addr() net.Addr { return l.laddr }

// SetDeadline sets the time after which Accept fails with an error that
// errors.Is matches with os.ErrDeadlineExceeded; the zero time means never.
func (l *listener) SetDeadline(t time.Time) error {
	if l.setDeadline(t, &l.rd) != nil {
		return net.ErrClosed // package net does not wrap it either
	}
	return nil
}

// File returns a duplicate of the socket.
func (l *listener) File() (*os.File, error) { return l.file(nil, l.laddr, nil) }

// SyscallConn gives access to the descriptor.
func (l *listener) SyscallConn() (syscall.RawConn, error) {
	if err := l.checkInit(); err != nil {
		return nil, err
	}
	if l.ref.closed() {
		return nil, net.ErrClosed
	}
	return rawListener{&l.poller}, nil
}

// closeError is the error of a second Close.
func (l *listener) closeError() error { return l.opError("close", nil, l.laddr, net.ErrClosed) }

// A TCPListener accepts TCP connections, with the methods of [net.TCPListener].
type TCPListener struct {
	listener
	keepAlive net.KeepAliveConfig
	inherit   bool // the kernel gives connections the listener's options
	fixed     bool // every connection's local address is the listener's: it is no transparent proxy
}

var _ net.Listener = (*TCPListener)(nil)
var _ syscall.Conn = (*TCPListener)(nil)

func newTCPListener(lc *ListenConfig, w *worker, network string, fd int, addr *net.TCPAddr, made bool) *TCPListener {
	l := &TCPListener{keepAlive: keepalive.Config(lc.KeepAlive, lc.KeepAliveConfig)}
	l.init(w, network, fd, addr, nil)
	l.loops = lc.Loops
	l.fixed = made && lc.Control == nil && !addr.IP.IsUnspecified() && addr.IP != nil
	if l.inherit = inherits && made && !isMultipath(fd); l.inherit {
		tune(fd, l.keepAlive)
	}
	return l
}

// Accept waits for the next connection, a [*TCPConn].
func (l *TCPListener) Accept() (net.Conn, error) {
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptTCP waits for the next connection.
func (l *TCPListener) AcceptTCP() (*TCPConn, error) {
	fd, sa, w, err := l.acceptFD()
	if err != nil {
		return nil, l.acceptError(err)
	}
	laddr := l.laddr
	if !l.fixed {
		local, _ := unix.Getsockname(fd)
		laddr = fromSockaddr(l.net, local)
	}
	if !l.inherit {
		tune(fd, l.keepAlive)
	}
	c := newTCPConn(w, l.net, fd, laddr, fromSockaddr(l.net, sa))
	c.count(&w.counts.accepted)
	return c, nil
}

// Close ends listening; the address is free when it returns. Accept fails with
// net.ErrClosed.
func (l *TCPListener) Close() error {
	if err := l.checkInit(); err != nil {
		return err
	}
	if !l.closeAndWait() {
		return l.closeError()
	}
	return nil
}

// A UnixListener accepts unix stream connections, with the methods of
// [net.UnixListener].
type UnixListener struct {
	listener
	unlink bool
	once   sync.Once
}

var _ net.Listener = (*UnixListener)(nil)
var _ syscall.Conn = (*UnixListener)(nil)

func newUnixListener(lc *ListenConfig, w *worker, network string, fd int, addr *net.UnixAddr, made bool) *UnixListener {
	l := &UnixListener{unlink: made}
	l.init(w, network, fd, addr, nil)
	l.loops = lc.Loops
	return l
}

// Accept waits for the next connection, a [*UnixConn].
func (l *UnixListener) Accept() (net.Conn, error) {
	c, err := l.AcceptUnix()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptUnix waits for the next connection.
func (l *UnixListener) AcceptUnix() (*UnixConn, error) {
	fd, sa, w, err := l.acceptFD()
	if err != nil {
		return nil, l.acceptError(err)
	}
	c := newUnixConn(w, l.net, fd, l.laddr, fromSockaddr(l.net, sa))
	c.count(&w.counts.accepted)
	return c, nil
}

// Close ends listening and removes the socket's file, if Listen made it.
func (l *UnixListener) Close() error {
	if err := l.checkInit(); err != nil {
		return err
	}
	l.once.Do(func() {
		if path := l.laddr.String(); l.unlink && path != "" && path[0] != '@' {
			_ = unix.Unlink(path)
		}
	})
	if !l.closeAndWait() {
		return l.closeError()
	}
	return nil
}

// SetUnlinkOnClose sets whether Close removes the socket's file: by default if
// Listen made it.
func (l *UnixListener) SetUnlinkOnClose(unlink bool) { l.unlink = unlink }
