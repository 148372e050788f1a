package tests

import (
	"net/netip"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

// udpEchoed returns a client of a UDP echo on the same loop, and a function that
// makes one round trip.
func udpEchoed(t *testing.T, l *uvgo.Loop, any netip.AddrPort, send func(u *handles.UDP, to netip.AddrPort) error, opts ...handles.UDPOption) (round func(), done func()) {
	a, b := newUDP(t, l, opts...), newUDP(t, l, opts...)
	check(t, a.Bind(any))
	check(t, b.Bind(any))
	to := must(b.LocalAddr())
	back := 0
	check(t, b.RecvStart(func(d handles.Datagram, err error) {
		if err := b.Send(d.Data, d.Addr); err != nil {
			t.Error(err)
		}
	}))
	check(t, a.RecvStart(func(d handles.Datagram, err error) { back++ }))
	return func() {
		back = 0
		if err := send(a, to); err != nil {
			t.Fatal(err)
		}
		for back == 0 {
			turnOnce(t, l)
		}
	}, func() { closeAll(t, a, b) }
}

func allocUDPEcho(t *testing.T, l *uvgo.Loop) {
	msg := make([]byte, 100)
	for _, any := range []netip.AddrPort{anyUDP, netip.MustParseAddrPort("[::1]:0")} {
		for _, opt := range []handles.UDPOption{0, handles.RecvMMsg} {
			round, done := udpEchoed(t, l, any, func(u *handles.UDP, to netip.AddrPort) error { return u.Send(msg, to) }, opt)
			steady(t, round)
			done()
		}
	}
}

func allocUDPSendFunc(t *testing.T, l *uvgo.Loop) {
	small, large := make([]byte, 100), make([]byte, 8000)
	sent := 0
	fn := func(error) { sent++ }
	round, done := udpEchoed(t, l, anyUDP, func(u *handles.UDP, to netip.AddrPort) error {
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
	round, done := udpEchoed(t, l, anyUDP, func(u *handles.UDP, to netip.AddrPort) error {
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
