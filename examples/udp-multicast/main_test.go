package main

import (
	"fmt"
	"net"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

// ownPort returns a port that other tests do not get until the test ends. A socket holds it,
// which does not receive what is sent to a group. The program can bind it nevertheless, since
// both have SO_REUSEADDR.
func ownPort(t *testing.T) int {
	t.Helper()
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			uvtest.Must(0, syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1))
		})
	}}
	c := uvtest.Must(lc.ListenPacket(t.Context(), "udp4", "127.0.0.1:0"))
	t.Cleanup(func() { c.Close() })
	return c.LocalAddr().(*net.UDPAddr).Port
}

// TestGroup: two members of a group receive what a third program sends.
func TestGroup(t *testing.T) {
	group := fmt.Sprintf("239.255.17.5:%d", ownPort(t))
	a := uvtest.Start(t, "main", "-group", group)
	b := uvtest.Start(t, "main", "-group", group)
	a.Expect("^listening to " + group)
	b.Expect("^listening to " + group)
	for _, text := range []string{"hello", "and once more"} {
		uvtest.Start(t, "main", "-group", group, "-say", text).Wait(0)
		a.Expect(`^127\.0\.0\.1: ` + text + "$")
		b.Expect(`^127\.0\.0\.1: ` + text + "$")
	}
	a.Signal(syscall.SIGTERM)
	b.Signal(syscall.SIGINT)
	a.Wait(0)
	b.Wait(0)
}

// TestNoGroup: an address that is not a multicast address is refused.
func TestNoGroup(t *testing.T) {
	uvtest.Start(t, "main", "-group", fmt.Sprintf("127.0.0.1:%d", ownPort(t))).Wait(1)
}
