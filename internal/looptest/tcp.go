package looptest

import (
	"net/netip"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// Loopback is a free port of the loopback, for Bind.
var Loopback = netip.MustParseAddrPort("127.0.0.1:0")

// Listen makes a listener on a free port of the loopback; the test closes it.
func Listen(t testing.TB, l *uvgo.Loop, fn func(c *handles.TCP, err error)) (*handles.TCP, netip.AddrPort) {
	t.Helper()
	s := uvtest.Must(l.NewTCP())
	uvtest.Check(t, s.Bind(Loopback))
	uvtest.Check(t, s.Listen(128, fn))
	return s, uvtest.Must(s.LocalAddr())
}

// Pair returns both ends of a new connection; the test closes them. The listener's
// close has begun, and ends in the loop's next turn.
func Pair(t testing.TB, l *uvgo.Loop) (client, server *handles.TCP) {
	t.Helper()
	ln, addr := Listen(t, l, func(c *handles.TCP, err error) {
		uvtest.Check(t, err)
		server = c
	})
	client = uvtest.Must(l.NewTCP())
	connected := false
	uvtest.Check(t, client.Connect(addr, func(err error) {
		uvtest.Check(t, err)
		connected = true
	}))
	Until(t, l, func() bool { return connected && server != nil })
	uvtest.CloseAll(t, ln)
	return client, server
}
