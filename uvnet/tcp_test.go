package uvnet

import (
	"context"
	"net"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestOptions: accepted and dialled connections have the options that package
// net sets.
func TestOptions(t *testing.T) {
	options := func(c net.Conn) (v [5]int) {
		raw, err := c.(syscall.Conn).SyscallConn()
		uvtest.Check(t, err)
		uvtest.Check(t, raw.Control(func(fd uintptr) {
			for i, o := range [][2]int{
				{unix.IPPROTO_TCP, unix.TCP_NODELAY}, {unix.SOL_SOCKET, unix.SO_KEEPALIVE},
				{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE}, {unix.IPPROTO_TCP, unix.TCP_KEEPINTVL}, {unix.IPPROTO_TCP, unix.TCP_KEEPCNT},
			} {
				v[i], _ = unix.GetsockoptInt(int(fd), o[0], o[1])
			}
		}))
		return v
	}
	for _, keepAlive := range []time.Duration{0, -1, 90 * time.Second} {
		var got [2][2][5]int
		for i := range makers {
			var ln net.Listener
			var d dialer = &Dialer{KeepAlive: keepAlive}
			var err error
			if i == 0 {
				ln, err = (&ListenConfig{KeepAlive: keepAlive}).Listen(context.Background(), "tcp", "127.0.0.1:0")
			} else {
				ln, err = (&net.ListenConfig{KeepAlive: keepAlive}).Listen(context.Background(), "tcp", "127.0.0.1:0")
				d = &net.Dialer{KeepAlive: keepAlive}
			}
			uvtest.Check(t, err)
			c, err := d.DialContext(context.Background(), "tcp", ln.Addr().String())
			uvtest.Check(t, err)
			s, err := ln.Accept()
			uvtest.Check(t, err)
			got[i] = [2][5]int{options(s), options(c)}
			s.Close()
			c.Close()
			ln.Close()
		}
		if got[0] != got[1] {
			t.Errorf("keep-alive %v: uvnet %v, net %v", keepAlive, got[0], got[1])
		}
	}
}
