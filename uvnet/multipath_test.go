package uvnet

import (
	"context"
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestMultipathTCP: who asks for Multipath TCP gets it between the ends, and in
// the cases, in which package net does; elsewhere it is plain TCP.
func TestMultipathTCP(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	type asks interface{ SetMultipathTCP(bool) }
	for _, listens := range []bool{true, false} {
		for _, dials := range []bool{true, false} {
			var got [2][2]bool
			for i := range worlds {
				var lc interface {
					Listen(ctx context.Context, network, address string) (net.Listener, error)
				} = &ListenConfig{}
				var d dialer = &Dialer{}
				if i == 1 {
					lc, d = &net.ListenConfig{}, &net.Dialer{}
				}
				lc.(asks).SetMultipathTCP(listens)
				d.(asks).SetMultipathTCP(dials)
				ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
				uvtest.Check(t, err)
				c, err := d.DialContext(context.Background(), "tcp", ln.Addr().String())
				uvtest.Check(t, err)
				s, err := ln.Accept()
				uvtest.Check(t, err)
				for j, end := range []net.Conn{c, s} {
					got[i][j], err = end.(interface{ MultipathTCP() (bool, error) }).MultipathTCP()
					uvtest.Check(t, err)
					uvtest.Check(t, end.(interface{ SetKeepAlive(bool) error }).SetKeepAlive(true))
					checkOption(t, end, unix.IPPROTO_TCP, unix.TCP_NODELAY)
				}
				uvtest.Check(t, write(c))
				uvtest.Check(t, read(s))
				uvtest.Check(t, write(s))
				uvtest.Check(t, read(c))
				c.Close()
				s.Close()
				ln.Close()
			}
			if got[0] != got[1] {
				t.Errorf("listener %v, dialer %v: uvnet %v, net %v", listens, dials, got[0], got[1])
			}
		}
	}
}

// checkOption fails if an option of a connection is off.
func checkOption(t *testing.T, c net.Conn, level, opt int) {
	t.Helper()
	raw, err := c.(syscall.Conn).SyscallConn()
	uvtest.Check(t, err)
	var on int
	cerr := raw.Control(func(fd uintptr) { on, err = unix.GetsockoptInt(int(fd), level, opt) })
	if cerr != nil || err != nil || on == 0 {
		t.Errorf("%T: option %d is %d, %v, %v", c, opt, on, cerr, err)
	}
}

// TestMultipathTCPDefaults: a Dialer's is package net's, a ListenConfig's off.
func TestMultipathTCPDefaults(t *testing.T) {
	if d := new(Dialer); d.MultipathTCP() != new(net.Dialer).MultipathTCP() {
		t.Errorf("Dialer: %v", d.MultipathTCP())
	}
	if lc := new(ListenConfig); lc.MultipathTCP() {
		t.Error("ListenConfig asks for it")
	}
}
