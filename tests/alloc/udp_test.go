package alloc

import (
	"net/netip"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

// udpEchoed returns a client of a UDP echo on the same loop, and a function that
// makes one round trip.
func udpEchoed(t *testing.T, l *uvgo.Loop, any netip.AddrPort, send func(u *handles.UDP, to netip.AddrPort) error, opts ...handles.UDPOption) (round func(), done func()) {
	a, b := kit.NewUDP(t, l, opts...), kit.NewUDP(t, l, opts...)
	uvtest.Check(t, a.Bind(any))
	uvtest.Check(t, b.Bind(any))
	to := uvtest.Must(b.LocalAddr())
	back := 0
	uvtest.Check(t, b.RecvStart(func(d handles.Datagram, err error) {
		if err := b.Send(d.Data, d.Addr); err != nil {
			t.Error(err)
		}
	}))
	uvtest.Check(t, a.RecvStart(func(d handles.Datagram, err error) { back++ }))
	return func() {
		back = 0
		if err := send(a, to); err != nil {
			t.Fatal(err)
		}
		for back == 0 {
			looptest.TurnOnce(t, l)
		}
	}, func() { uvtest.CloseAll(t, a, b) }
}

func allocUDPEcho(t *testing.T, l *uvgo.Loop) {
	msg := make([]byte, 100)
	for _, any := range []netip.AddrPort{looptest.Loopback, netip.MustParseAddrPort("[::1]:0")} {
		for _, opts := range [][]handles.UDPOption{nil, {handles.RecvMMsg}} {
			round, done := udpEchoed(t, l, any, func(u *handles.UDP, to netip.AddrPort) error { return u.Send(msg, to) }, opts...)
			steady(t, round)
			done()
		}
	}
}

func allocUDPSendFunc(t *testing.T, l *uvgo.Loop) {
	small, large := make([]byte, 100), make([]byte, 8000)
	sent := 0
	fn := func(error) { sent++ }
	round, done := udpEchoed(t, l, looptest.Loopback, func(u *handles.UDP, to netip.AddrPort) error {
		for _, p := range [][]byte{small, large} {
			if err := u.SendFunc(fn, to, p); err != nil {
				return err
			}
		}
		return nil
	})
	steady(t, round)
	done()
}

func allocUDPTrySend(t *testing.T, l *uvgo.Loop) {
	msg := make([]byte, 100)
	var ds [2]handles.Datagram
	round, done := udpEchoed(t, l, looptest.Loopback, func(u *handles.UDP, to netip.AddrPort) error {
		for i := range ds {
			ds[i] = handles.Datagram{Data: msg, Addr: to}
		}
		if err := u.TrySend(msg, to); err != nil {
			return err
		}
		_, err := u.TrySend2(ds[:])
		return err
	})
	steady(t, round)
	done()
}
