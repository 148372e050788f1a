//go:build linux && !race && !asan

package uvnet

import (
	"net"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestUDPAllocs: no method of a UDP socket allocates more than package net's,
// and those without a net.Addr nothing at all.
func TestUDPAllocs(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	for _, at := range udpAddresses(t) {
		var got [2]map[string]float64
		for i, w := range worlds {
			p, err := w.packet("udp", at)
			uvtest.Check(t, err)
			u := p.(packetMethods)
			cc, err := w.dial("udp", p.LocalAddr().String())
			uvtest.Check(t, err)
			c := cc.(packetMethods)
			to := p.LocalAddr().(*net.UDPAddr)
			port := to.AddrPort()
			buf, oob := make([]byte, 8), make([]byte, 64)
			var addr net.Addr = to
			got[i] = map[string]float64{}
			for _, m := range []struct {
				name string
				send func() error
				recv func() error
			}{
				{"AddrPort", func() error { _, err := u.WriteToUDPAddrPort(buf, port); return err },
					func() error { _, _, err := u.ReadFromUDPAddrPort(buf); return err }},
				{"MsgAddrPort", func() error { _, _, err := u.WriteMsgUDPAddrPort(buf, nil, port); return err },
					func() error { _, _, _, _, err := u.ReadMsgUDPAddrPort(buf, oob); return err }},
				{"UDP", func() error { _, err := u.WriteToUDP(buf, to); return err },
					func() error { _, _, err := u.ReadFromUDP(buf); return err }},
				{"MsgUDP", func() error { _, _, err := u.WriteMsgUDP(buf, nil, to); return err },
					func() error { _, _, _, _, err := u.ReadMsgUDP(buf, oob); return err }},
				{"Addr", func() error { _, err := u.WriteTo(buf, addr); return err },
					func() error { _, _, err := u.ReadFrom(buf); return err }},
				{"connected", func() error { _, err := c.Write(buf); return err },
					func() error { _, err := u.Read(buf); return err }},
				{"connected msg", func() error { _, _, err := c.WriteMsgUDP(buf, oob[:0], nil); return err },
					func() error { _, err := u.Read(buf); return err }},
			} {
				var err error
				keep := func(e error) {
					if err == nil {
						err = e
					}
				}
				got[i]["send "+m.name] = testing.AllocsPerRun(50, func() { keep(m.send()) })
				got[i]["receive "+m.name] = testing.AllocsPerRun(50, func() { keep(m.recv()) })
				if err != nil {
					t.Fatalf("%s, %s: %v", w.name, m.name, err)
				}
			}
			c.Close()
			p.Close()
		}
		for name, n := range got[0] {
			if n > got[1][name] {
				t.Errorf("%s, %s: %v, %v by package net", at, name, n, got[1][name])
			}
		}
	}
}
