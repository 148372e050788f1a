package kit

import (
	"net/netip"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// NoAddr is the peer of a connected socket.
var NoAddr netip.AddrPort

// NewUDP makes a UDP handle without a socket.
func NewUDP(t testing.TB, l *uvgo.Loop, opts ...handles.UDPOption) *handles.UDP {
	t.Helper()
	u, err := l.NewUDP(opts...)
	uvtest.Check(t, err)
	return u
}

// BoundUDP makes a UDP handle on a free port of the loopback.
func BoundUDP(t testing.TB, l *uvgo.Loop, opts ...handles.UDPOption) (*handles.UDP, netip.AddrPort) {
	t.Helper()
	u := NewUDP(t, l, opts...)
	uvtest.Check(t, u.Bind(looptest.Loopback))
	return u, uvtest.Must(u.LocalAddr())
}

// OnDatagram starts receiving datagrams, without errors.
func OnDatagram(t testing.TB, u *handles.UDP, fn func(text string, from netip.AddrPort)) {
	t.Helper()
	uvtest.Check(t, u.RecvStart(func(d handles.Datagram, err error) {
		uvtest.Check(t, err)
		fn(string(d.Data), d.Addr)
	}))
}
