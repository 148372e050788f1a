package libuv

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func testUDPMMsg(t *testing.T, l *uvgo.Loop) {
	const sends = 40
	srv, addr := kit.BoundUDP(t, l, handles.RecvMMsg)
	cl := kit.NewUDP(t, l)
	for i := range sends {
		uvtest.Check(t, cl.TrySend(fmt.Appendf(nil, "PING %d", i), addr))
	}
	got := 0
	kit.OnDatagram(t, srv, func(text string, _ netip.AddrPort) {
		if want := fmt.Sprint("PING ", got); text != want { // a piece of the arena that were used twice would tell
			t.Errorf("got %q, want %q", text, want)
		}
		if got++; got == sends {
			uvtest.Check(t, srv.Close())
			uvtest.Check(t, cl.Close())
		}
	})
	looptest.Run(t, l)
	if got != sends || srv.SendQueueSize() != 0 || cl.SendQueueSize() != 0 {
		t.Errorf("%d datagrams, want %d", got, sends)
	}
}

func testUDPMMsgSingleDrain(t *testing.T, l *uvgo.Loop) {
	const sends = 10 // fit into one call of the system
	for _, opts := range [][]handles.UDPOption{{handles.RecvMMsg}, nil} {
		srv, addr := kit.BoundUDP(t, l, opts...)
		cl := kit.NewUDP(t, l)
		var order kit.Journal
		srv.OnDrained(order.Note("drained"))
		kit.OnDatagram(t, srv, func(text string, _ netip.AddrPort) { order.Add(text) })
		for range 3 {
			var want []string
			for i := range sends {
				uvtest.Check(t, cl.TrySend([]byte{'0' + byte(i)}, addr))
				want = append(want, fmt.Sprint(i))
			}
			for len(order.Lines) <= sends {
				looptest.TurnOnce(t, l)
			}
			looptest.TurnNoWait(t, l) // a quiet turn tells nothing
			order.Want(t, append(want, "drained")...)
		}
		uvtest.Check(t, srv.Close())
		uvtest.Check(t, cl.Close())
	}
	looptest.Run(t, l)
}

func testUDPMMsgSmallBuffer(t *testing.T, park uvgo.Option) {
	l := looptest.New(t, park, uvgo.WithArenas(64<<10, 64<<10))
	_, err := l.NewUDP(handles.RecvMMsg)
	uvtest.IsErr(t, "recvmmsg without room for a datagram", err, uv.EINVAL)
	if l.Alive() {
		t.Error("the handle that was not made keeps the loop alive")
	}
}
