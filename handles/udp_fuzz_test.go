package handles_test

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// TestUDPStress does everything at random.
func TestUDPStress(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		steps := 20_000
		if testing.Short() {
			steps = 4_000
		}
		r := rand.New(rand.NewPCG(1, 2))
		udpStorm(t, l, steps, r.IntN)
	}, smallerArenas)
}

// FuzzUDP does what the input says.
func FuzzUDP(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"))
	f.Add(uvtest.Pattern(3000, 1))
	f.Fuzz(func(t *testing.T, script []byte) {
		l := looptest.New(t, smallerArenas)
		udpStorm(t, l, min(len(script), 4000), func(n int) int {
			if len(script) < 2 {
				return 0
			}
			v := int(binary.BigEndian.Uint16(script))
			script = script[1:]
			return v % n
		})
	})
}

// udpStorm makes steps calls of handles that send to each other, chosen by
// choose (of n things one), also in their callbacks and with closes in between,
// and counts completions.
func udpStorm(t *testing.T, l *uvgo.Loop, steps int, choose func(n int) int) {
	type peer struct {
		u         *handles.UDP
		addr      netip.AddrPort
		receiving bool
	}
	var peers [6]*peer
	started, ended := 0, 0
	var step func(depth int)
	open := func(i int) {
		u, addr := udp(t, l, looptest.Loopback, receiveWays[i%2]...)
		u.OnDrained(func() { step(1) })
		peers[i] = &peer{u: u, addr: addr}
	}
	step = func(depth int) {
		if steps--; steps < 0 || depth > 2 {
			return
		}
		i := choose(len(peers))
		p, to := peers[i], peers[choose(len(peers))].addr
		data := make([]byte, choose(6000))
		switch choose(12) {
		case 0:
			uvtest.Check(t, p.u.Close())
			uvtest.IsErr(t, "send", p.u.Send(nil, to), uv.ErrClosed)
			open(i)
		case 1, 2, 3:
			if !p.receiving {
				p.receiving = true
				uvtest.Check(t, p.u.RecvStart(func(d handles.Datagram, err error) {
					if peers[i] != p || !p.receiving {
						t.Error("a callback after Close or RecvStop")
					}
					if len(d.Data) > 0 && choose(2) == 0 {
						uvtest.Check(t, p.u.Send(d.Data[:len(d.Data)/2], to))
					}
					step(1)
				}))
			}
		case 4:
			p.receiving = false
			uvtest.Check(t, p.u.RecvStop())
		case 5, 6:
			started++
			uvtest.Check(t, p.u.SendFunc(func(error) { ended++; step(1) }, to, data))
		case 7:
			started++
			uvtest.Check(t, p.u.SendFunc(func(error) { ended++ }, to, data, []byte("tail")))
		case 8:
			_ = p.u.TrySend(data, to)
		case 9:
			_, _ = p.u.TrySend2([]handles.Datagram{{Data: data, Addr: to}, {Addr: to}, {Data: data[:len(data)/2], Addr: p.addr}})
		case 10:
			if p.u.Connect(to) == nil {
				uvtest.IsErr(t, "send to another", p.u.Send(nil, to), uv.EISCONN)
				_ = p.u.Send(data, nobody)
				uvtest.Check(t, p.u.Disconnect())
			}
		default:
			uvtest.Check(t, p.u.Send(data, to))
		}
	}
	for i := range peers {
		open(i)
	}
	for steps > 0 {
		for range 1 + choose(20) {
			step(0)
		}
		looptest.Turn(t, l, 1)
	}
	for _, p := range peers {
		uvtest.Check(t, p.u.Close())
	}
	looptest.Run(t, l)
	if started != ended {
		t.Errorf("%d sends, %d completions", started, ended)
	}
}
