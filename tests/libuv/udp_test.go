package libuv

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"udp_ref3":                  kit.PerLoop(testUDPRef3),
		"udp_alloc_cb_fail":         kit.PerLoop(testUDPAllocFails),
		"udp_send_and_recv":         kit.PerLoop(testUDPSendAndRecv),
		"udp_send_immediate":        kit.PerLoop(testUDPSendImmediate),
		"udp_send_hang_loop":        kit.PerLoop(testUDPSendHangLoop),
		"udp_mmsg":                  kit.PerLoop(testUDPMMsg),
		"udp_mmsg_single_drain_cb":  kit.PerLoop(testUDPMMsgSingleDrain),
		"udp_mmsg_small_buf":        kit.PerParking(testUDPMMsgSmallBuffer),
		"udp_recv_in_a_row":         kit.PerLoop(testUDPRecvInARow),
		"udp_try_send":              kit.PerLoop(testUDPTrySend),
		"udp_connect":               kit.PerLoop(testUDPConnect),
		"udp_no_autobind":           kit.PerLoop(testUDPNoAutobind),
		"udp_recv_cb_close_pollerr": kit.PerLoop(testUDPRecvClosePollErr),
	})
}

func testUDPRef3(t *testing.T, l *uvgo.Loop) {
	u := kit.NewUDP(t, l)
	srv := uvtest.Must(net.ListenPacket("udp", "127.0.0.1:0"))
	defer srv.Close()
	addr := srv.LocalAddr().(*net.UDPAddr).AddrPort()
	sent := uvtest.NewCounter(t, "send callback", 1)
	uvtest.Check(t, u.SendFunc(func(err error) {
		uvtest.Check(t, err)
		sent.Inc()
	}, addr, []byte("PING")))
	u.Unref()
	if !l.Alive() {
		t.Error("a pending send does not keep the loop alive")
	}
	looptest.Run(t, l)
	if sent.N() != 1 {
		t.Error("the loop ended before the send")
	}
	// Receiving does not hold the loop, unlike a send.
	uvtest.Check(t, u.RecvStart(func(handles.Datagram, error) { t.Error("received") }))
	looptest.Run(t, l)
	kit.CloseAndRun(t, l, u)
}

func testUDPAllocFails(t *testing.T, l *uvgo.Loop) {
	srv, addr := kit.BoundUDP(t, l)
	cl := kit.NewUDP(t, l)
	var order kit.Journal
	kit.OnDatagram(t, srv, func(text string, from netip.AddrPort) {
		order.Add("received " + text)
		uvtest.Check(t, srv.RecvStop())
		uvtest.Check(t, srv.SendFunc(func(err error) {
			uvtest.Check(t, err)
			order.Add("answered")
			uvtest.Check(t, srv.Close())
		}, from, []byte("PONG")))
	})
	answered := false
	recv := func(d handles.Datagram, err error) {
		if !answered {
			uvtest.IsErr(t, "receive", err, uv.ENOBUFS)
			order.Add("ENOBUFS")
			core.Of(l).Ring().FailArena(false)
			return
		}
		order.Add(string(d.Data))
		uvtest.Check(t, cl.Close())
	}
	uvtest.Check(t, cl.SendFunc(func(err error) {
		uvtest.Check(t, err)
		order.Add("sent")
	}, addr, []byte("PING")))
	for !srv.Closing() {
		looptest.TurnOnce(t, l)
	}
	core.Of(l).Ring().FailArena(true) // the answer is there, memory for it is not
	uvtest.Check(t, cl.RecvStart(recv))
	looptest.Run(t, l) // receiving has stopped: nothing is left to do
	answered = true
	uvtest.Check(t, cl.RecvStart(recv)) // and may be tried again
	looptest.Run(t, l)
	order.WantSet(t, "sent", "received PING", "answered", "ENOBUFS", "PONG")
}

func testUDPSendAndRecv(t *testing.T, l *uvgo.Loop) {
	srv, addr := kit.BoundUDP(t, l)
	cl := kit.NewUDP(t, l)
	var order kit.Journal
	sent := func(line string) func(error) {
		return func(err error) {
			uvtest.Check(t, err)
			order.Add(line)
		}
	}
	kit.OnDatagram(t, srv, func(text string, from netip.AddrPort) {
		order.Add("server: " + text)
		if want := uvtest.Must(cl.LocalAddr()); from.Port() != want.Port() {
			t.Errorf("from %v, want port %d", from, want.Port())
		}
		uvtest.Check(t, srv.SendFunc(sent("server sent"), from, []byte("PO"), []byte("NG")))
		uvtest.Check(t, srv.RecvStop())
	})
	uvtest.Check(t, cl.SendFunc(func(err error) {
		sent("client sent")(err)
		kit.OnDatagram(t, cl, func(text string, from netip.AddrPort) {
			order.Add("client: " + text)
			if from != addr {
				t.Errorf("from %v, want %v", from, addr)
			}
			uvtest.Check(t, cl.Close())
			uvtest.Check(t, srv.Close())
		})
	}, addr, []byte("PING")))
	if srv.SendQueueSize()+cl.SendQueueSize()+cl.SendQueueCount() != 0 {
		t.Error("the kernel did not take a datagram at once")
	}
	looptest.Run(t, l)
	order.WantSet(t, "client sent", "server: PING", "server sent", "client: PONG")
}

func testUDPSendImmediate(t *testing.T, l *uvgo.Loop) {
	srv, addr := kit.BoundUDP(t, l)
	cl := kit.NewUDP(t, l)
	sent := uvtest.NewCounter(t, "send callback", 2)
	var got kit.Journal
	for _, text := range []string{"PING", "PANG"} {
		uvtest.Check(t, cl.SendFunc(func(err error) {
			uvtest.Check(t, err)
			sent.Inc()
		}, addr, []byte(text)))
	}
	kit.OnDatagram(t, srv, func(text string, _ netip.AddrPort) {
		if got.Add(text); len(got.Lines) == 2 {
			uvtest.Check(t, srv.Close())
			uvtest.Check(t, cl.Close())
		}
	})
	looptest.Run(t, l)
	got.Want(t, "PING", "PANG")
}

func testUDPSendHangLoop(t *testing.T, l *uvgo.Loop) {
	const sends = 1000
	u, idle := kit.NewUDP(t, l), uvtest.Must(l.NewIdle())
	uvtest.Check(t, u.Connect(uvtest.RefusingUDP(t, looptest.Loopback.Addr()))) // nobody answers but with refusals
	ran := uvtest.NewCounter(t, "idle callback", sends+1)
	data := make([]byte, 1024)
	var next func()
	next = func() {
		uvtest.Check(t, idle.Stop())
		if ran.Inc(); ran.N() > sends {
			uvtest.Check(t, u.Close())
			uvtest.Check(t, idle.Close())
			return
		}
		uvtest.Check(t, u.SendFunc(func(err error) {
			if err != nil {
				uvtest.IsErr(t, "send", err, uv.ECONNREFUSED)
			}
			uvtest.Check(t, idle.Start(next))
		}, kit.NoAddr, data))
	}
	uvtest.Check(t, idle.Start(next))
	looptest.Run(t, l)
}

func testUDPRecvInARow(t *testing.T, l *uvgo.Loop) {
	srv, addr := kit.BoundUDP(t, l)
	cl, chk := kit.NewUDP(t, l), uvtest.Must(l.NewCheck())
	var order kit.Journal
	uvtest.Check(t, chk.Start(func() {
		order.Add("check")
		uvtest.CloseAll(t, srv, cl, chk)
	}))
	kit.OnDatagram(t, srv, func(text string, _ netip.AddrPort) { order.Add(fmt.Sprintf("%q", text)) })
	for range 4 {
		uvtest.Check(t, cl.TrySend([]byte("0123456789"), addr))
	}
	uvtest.Check(t, cl.TrySend(nil, addr)) // an empty one is one, too
	looptest.Run(t, l)
	const full = `"0123456789"`
	order.Want(t, full, full, full, full, `""`, "check")
}

func testUDPTrySend(t *testing.T, l *uvgo.Loop) {
	srv, addr := kit.BoundUDP(t, l)
	cl := kit.NewUDP(t, l)
	uvtest.IsErr(t, "too long", cl.TrySend(make([]byte, 64<<10), addr), uv.EMSGSIZE)
	helo := handles.Datagram{Data: []byte("HELO"), Addr: addr}
	var got kit.Journal
	kit.OnDatagram(t, srv, func(text string, _ netip.AddrPort) {
		if got.Add(text); len(got.Lines) == 50 {
			uvtest.Check(t, srv.RecvStop())
		}
	})
	var many []handles.Datagram
	for range 48 { // more than libuv takes at once
		many = append(many, helo)
	}
	for _, ds := range [][]handles.Datagram{{helo, helo}, many} {
		n, err := cl.TrySend2(ds)
		if errors.Is(err, uv.ENOTSUP) {
			for _, d := range ds { // libuv is older than 1.50
				uvtest.Check(t, cl.TrySend(d.Data, d.Addr))
			}
		} else if n != len(ds) || err != nil {
			t.Errorf("TrySend2: %d of %d, %v", n, len(ds), err)
		}
	}
	if got.Lines != nil {
		t.Error("a callback ran inside TrySend2")
	}
	looptest.Run(t, l)
	if len(got.Lines) != 50 {
		t.Errorf("%d datagrams arrived, want 50", len(got.Lines))
	}
	uvtest.Check(t, srv.RecvStart(func(d handles.Datagram, err error) {
		if string(d.Data) != "EXIT" || err != nil {
			t.Errorf("got %q, %v", d.Data, err)
		}
		uvtest.CloseAll(t, srv, cl)
	}))
	uvtest.Check(t, cl.TrySend([]byte("EXIT"), addr))
	looptest.Run(t, l)
}

func testUDPConnect(t *testing.T, l *uvgo.Loop) {
	srv, addr := kit.BoundUDP(t, l)
	cl := kit.NewUDP(t, l)
	exit := []byte("EXIT")
	received := uvtest.NewCounter(t, "receive callback", 4)
	kit.OnDatagram(t, srv, func(string, netip.AddrPort) {
		if received.Inc(); received.N() == 4 {
			uvtest.CloseAll(t, srv, cl)
		}
	})
	uvtest.Check(t, cl.Connect(netip.AddrPortFrom(netip.IPv4Unspecified(), addr.Port())))
	uvtest.Check(t, cl.Disconnect())
	uvtest.Check(t, cl.Connect(addr))
	uvtest.IsErr(t, "a second Connect", cl.Connect(netip.MustParseAddrPort("127.0.0.2:9123")), uv.EISCONN)
	if peer := uvtest.Must(cl.RemoteAddr()); peer != addr {
		t.Errorf("the peer is %v, want %v", peer, addr)
	}
	uvtest.IsErr(t, "TrySend to an address", cl.TrySend(exit, addr), uv.EISCONN)
	uvtest.Check(t, cl.TrySend(exit, kit.NoAddr))
	uvtest.Check(t, cl.Disconnect())
	uvtest.IsErr(t, "a second Disconnect", cl.Disconnect(), uv.ENOTCONN)
	_, err := cl.RemoteAddr()
	uvtest.IsErr(t, "the peer of none", err, uv.ENOTCONN)
	uvtest.Check(t, cl.TrySend(exit, addr))
	uvtest.IsErr(t, "TrySend without an address", cl.TrySend(exit, kit.NoAddr), uv.EDESTADDRREQ)

	uvtest.Check(t, cl.Connect(addr))
	sent := uvtest.NewCounter(t, "send callback", 2)
	uvtest.IsErr(t, "SendFunc to an address", cl.SendFunc(nil, addr, exit), uv.EISCONN)
	uvtest.Check(t, cl.SendFunc(func(err error) {
		uvtest.Check(t, err)
		sent.Inc()
		uvtest.Check(t, cl.Disconnect())
		uvtest.IsErr(t, "SendFunc without an address", cl.SendFunc(nil, kit.NoAddr, exit), uv.EDESTADDRREQ)
		uvtest.Check(t, cl.SendFunc(func(err error) {
			uvtest.Check(t, err)
			sent.Inc()
		}, addr, exit))
	}, kit.NoAddr, exit))
	looptest.Run(t, l)
}

func testUDPNoAutobind(t *testing.T, l *uvgo.Loop) {
	u := kit.NewUDP(t, l)
	for what, set := range map[string]func() error{
		"multicast TTL":       func() error { return u.SetMulticastTTL(32) },
		"broadcast":           func() error { return u.SetBroadcast(true) },
		"TTL":                 func() error { return u.SetTTL(1) },
		"multicast loop":      func() error { return u.SetMulticastLoop(true) },
		"multicast interface": func() error { return u.SetMulticastInterface(netip.IPv4Unspecified()) },
		"send buffer size":    func() error { return u.SetSendBufferSize(8192) },
		"descriptor":          func() error { _, err := u.FD(); return err },
		"local address":       func() error { _, err := u.LocalAddr(); return err },
	} {
		uvtest.IsErr(t, what, set(), uv.EBADF)
	}
	uvtest.Check(t, u.Close())

	u = kit.NewUDP(t, l, handles.WithSocket(handles.IPv4), handles.RecvMMsg)
	uvtest.Check(t, u.SetMulticastTTL(32))
	uvtest.Check(t, u.SetBroadcast(true))
	uvtest.Check(t, u.SetTTL(1))
	uvtest.Check(t, u.SetMulticastLoop(true))
	uvtest.Check(t, u.SetMulticastInterface(netip.IPv4Unspecified()))
	uvtest.Check(t, u.SetMulticastInterface(netip.Addr{}))
	kit.CloseAndRun(t, l, u)
}

func testUDPRecvClosePollErr(t *testing.T, l *uvgo.Loop) {
	u := kit.NewUDP(t, l)
	uvtest.Check(t, u.Bind(looptest.Loopback, handles.RecvErr))
	uvtest.Check(t, u.Connect(uvtest.RefusingUDP(t, looptest.Loopback.Addr())))
	failed := uvtest.NewCounter(t, "receive callback", 1)
	// Two refusals: one is the socket's error, both are in its queue.
	uvtest.Check(t, u.TrySend([]byte("x"), kit.NoAddr))
	kit.AwaitHangup(t, uvtest.Must(u.FD()))
	uvtest.IsErr(t, "the next send", u.TrySend([]byte("x"), kit.NoAddr), uv.ECONNREFUSED)
	uvtest.Check(t, u.TrySend([]byte("x"), kit.NoAddr))
	uvtest.Check(t, u.RecvStart(func(_ handles.Datagram, err error) {
		uvtest.IsErr(t, "receive", err, uv.ECONNREFUSED)
		failed.Inc()
		uvtest.Check(t, u.Close()) // with the other error still to come
	}))
	looptest.Run(t, l)
}
