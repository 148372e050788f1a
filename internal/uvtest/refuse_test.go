//go:build unix

package uvtest

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// TestRefusingPorts: they refuse, and nobody else gets them.
func TestRefusingPorts(t *testing.T) {
	tcp := RefusingTCP(t)
	if c, err := net.Dial("tcp", tcp.String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial: %v, %v", c, err)
	}
	if ln, err := net.Listen("tcp", tcp.String()); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("listen: %v, %v", ln, err)
	}
	for _, ip := range []string{"127.0.0.1", "::1"} {
		if ln, err := net.ListenPacket("udp", net.JoinHostPort(ip, "0")); err != nil {
			continue // a system without IPv6
		} else {
			ln.Close()
		}
		udp := RefusingUDP(t, netip.MustParseAddr(ip))
		if c, err := net.ListenPacket("udp", udp.String()); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("listen %v: %v, %v", udp, c, err)
		}
		c := Must(net.Dial("udp", udp.String()))
		Check(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
		Must(c.Write([]byte("x")))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("read from %v: %v", udp, err)
		}
		Check(t, c.Close())
	}
}
