package uvnet

import (
	"io"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/keepalive"
)

// A TCPConn is a TCP connection, with the methods of [net.TCPConn]. Any number
// of goroutines may call them.
type TCPConn struct{ conn }

var _ net.Conn = (*TCPConn)(nil)
var _ io.ReaderFrom = (*TCPConn)(nil)
var _ io.WriterTo = (*TCPConn)(nil)
var _ syscall.Conn = (*TCPConn)(nil)

func newTCPConn(w *worker, network string, fd int, laddr, raddr net.Addr) *TCPConn {
	c := new(TCPConn)
	c.init(w, &c.conn, network, fd, laddr, raddr)
	return c
}

// set runs a setsockopt and wraps its error.
func (c *TCPConn) set(set func(fd int) error) error {
	return c.setError(c.laddr, c.raddr, c.option(set))
}

// SetNoDelay sends small writes at once, which is the default, or lets the
// kernel wait for more (Nagle's algorithm).
func (c *TCPConn) SetNoDelay(noDelay bool) error {
	return c.set(func(fd int) error {
		return setsockopt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, boolint(noDelay))
	})
}

// SetKeepAlive turns the kernel's probes of an idle connection on or off.
func (c *TCPConn) SetKeepAlive(keepalive bool) error {
	return c.set(func(fd int) error {
		return setsockopt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, boolint(keepalive))
	})
}

// SetKeepAlivePeriod sets how long a connection must be idle before the first
// probe, rounded up to seconds.
func (c *TCPConn) SetKeepAlivePeriod(d time.Duration) error {
	return c.set(func(fd int) error { return keepalive.SetIdle(fd, d) })
}

// SetKeepAliveConfig sets all options of the kernel's probes.
func (c *TCPConn) SetKeepAliveConfig(config net.KeepAliveConfig) error {
	return c.set(func(fd int) error { return keepalive.Set(fd, config) })
}

// SetLinger sets what Close does with unsent bytes: below 0, the default, they
// are sent in the background; 0 drops them and resets the connection; above, Close
// waits up to so many seconds until they are sent, as by package net on Linux.
func (c *TCPConn) SetLinger(sec int) error {
	return c.set(func(fd int) error {
		l := unix.Linger{}
		if sec >= 0 {
			l = unix.Linger{Onoff: 1, Linger: int32(sec)}
		}
		return sysCall("setsockopt", unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &l))
	})
}
