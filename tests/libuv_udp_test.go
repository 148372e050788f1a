package tests

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
	"github.com/uvgo/uvgo/uv"
)

func init() {
	libuvTests.add(suite{
		"udp_ref3":                  onEachLoop(testUDPRef3),
		"udp_alloc_cb_fail":         onEachLoop(testUDPAllocFails),
		"udp_send_and_recv":         onEachLoop(testUDPSendAndRecv),
		"udp_send_immediate":        onEachLoop(testUDPSendImmediate),
		"udp_send_hang_loop":        onEachLoop(testUDPSendHangLoop),
		"udp_mmsg":                  onEachLoop(testUDPMMsg),
		"udp_mmsg_single_drain_cb":  onEachLoop(testUDPMMsgSingleDrain),
		"udp_mmsg_small_buf":        eachParking(testUDPMMsgSmallBuffer),
		"udp_recv_in_a_row":         onEachLoop(testUDPRecvInARow),
		"udp_try_send":              onEachLoop(testUDPTrySend),
		"udp_connect":               onEachLoop(testUDPConnect),
		"udp_no_autobind":           onEachLoop(testUDPNoAutobind),
		"udp_recv_cb_close_pollerr": onEachLoop(testUDPRecvClosePollErr),
	})
}

var (
	anyUDP  = netip.MustParseAddrPort("127.0.0.1:0")
	noAddr  netip.AddrPort // the peer of a connected socket
	another = netip.MustParseAddrPort("127.0.0.2:9123")
)

// newUDP makes a UDP handle without a socket.
func newUDP(t testing.TB, l *uvgo.Loop, opts ...handles.UDPOption) *handles.UDP {
	t.Helper()
	u, err := l.NewUDP(opts...)
	check(t, err)
	return u
}

// boundUDP makes a UDP handle on a free port of the loopback.
func boundUDP(t testing.TB, l *uvgo.Loop, opts ...handles.UDPOption) (*handles.UDP, netip.AddrPort) {
	t.Helper()
	u := newUDP(t, l, opts...)
	check(t, u.Bind(anyUDP))
	return u, must(u.LocalAddr())
}

// refusingUDP returns an address that refuses datagrams from anybody here: its
// port is taken, by a socket that hears one stranger only.
func refusingUDP(t testing.TB) netip.AddrPort {
	t.Helper()
	c, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(anyUDP), net.UDPAddrFromAddrPort(another))
	check(t, err)
	t.Cleanup(func() { c.Close() })
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

// wantErr fails the test unless errors.Is says so.
func wantErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// onDatagram starts receiving datagrams, without errors.
func onDatagram(t testing.TB, u *handles.UDP, fn func(text string, from netip.AddrPort)) {
	t.Helper()
	check(t, u.RecvStart(func(d handles.Datagram, err error) {
		check(t, err)
		fn(string(d.Data), d.Addr)
	}))
}

func testUDPRef3(t *testing.T, l *uvgo.Loop) {
	u := newUDP(t, l)
	srv := must(net.ListenPacket("udp", "127.0.0.1:0"))
	defer srv.Close()
	addr := srv.LocalAddr().(*net.UDPAddr).AddrPort()
	sent := uvtest.NewCounter(t, "send callback", 1)
	check(t, u.SendFunc(func(err error) {
		check(t, err)
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
	check(t, u.RecvStart(func(handles.Datagram, error) { t.Error("received") }))
	looptest.Run(t, l)
	closeAndRun(t, l, u)
}

func testUDPAllocFails(t *testing.T, l *uvgo.Loop) {
	srv, addr := boundUDP(t, l)
	cl := newUDP(t, l)
	var order journal
	onDatagram(t, srv, func(text string, from netip.AddrPort) {
		order.add("received " + text)
		check(t, srv.RecvStop())
		check(t, srv.SendFunc(func(err error) {
			check(t, err)
			order.add("answered")
			check(t, srv.Close())
		}, from, []byte("PONG")))
	})
	answered := false
	recv := func(d handles.Datagram, err error) {
		if !answered {
			wantErr(t, "receive", err, uv.ENOBUFS)
			order.add("ENOBUFS")
			core.Of(l).Ring().FailArena(false)
			return
		}
		order.add(string(d.Data))
		check(t, cl.Close())
	}
	check(t, cl.SendFunc(func(err error) {
		check(t, err)
		order.add("sent")
	}, addr, []byte("PING")))
	for !srv.Closing() {
		turnOnce(t, l)
	}
	core.Of(l).Ring().FailArena(true) // the answer is there, memory for it is not
	check(t, cl.RecvStart(recv))
	looptest.Run(t, l) // receiving has stopped: nothing is left to do
	answered = true
	check(t, cl.RecvStart(recv)) // and may be tried again
	looptest.Run(t, l)
	order.wantSet(t, "sent", "received PING", "answered", "ENOBUFS", "PONG")
}

func testUDPSendAndRecv(t *testing.T, l *uvgo.Loop) {
	srv, addr := boundUDP(t, l)
	cl := newUDP(t, l)
	var order journal
	sent := func(line string) func(error) {
		return func(err error) {
			check(t, err)
			order.add(line)
		}
	}
	onDatagram(t, srv, func(text string, from netip.AddrPort) {
		order.add("server: " + text)
		if want := must(cl.LocalAddr()); from.Port() != want.Port() {
			t.Errorf("from %v, want port %d", from, want.Port())
		}
		check(t, srv.SendFunc(sent("server sent"), from, []byte("PO"), []byte("NG")))
		check(t, srv.RecvStop())
	})
	check(t, cl.SendFunc(func(err error) {
		sent("client sent")(err)
		onDatagram(t, cl, func(text string, from netip.AddrPort) {
			order.add("client: " + text)
			if from != addr {
				t.Errorf("from %v, want %v", from, addr)
			}
			check(t, cl.Close())
			check(t, srv.Close())
		})
	}, addr, []byte("PING")))
	if srv.SendQueueSize()+cl.SendQueueSize()+cl.SendQueueCount() != 0 {
		t.Error("the kernel did not take a datagram at once")
	}
	looptest.Run(t, l)
	order.wantSet(t, "client sent", "server: PING", "server sent", "client: PONG")
}

func testUDPSendImmediate(t *testing.T, l *uvgo.Loop) {
	srv, addr := boundUDP(t, l)
	cl := newUDP(t, l)
	sent := uvtest.NewCounter(t, "send callback", 2)
	var got journal
	for _, text := range []string{"PING", "PANG"} {
		check(t, cl.SendFunc(func(err error) {
			check(t, err)
			sent.Inc()
		}, addr, []byte(text)))
	}
	onDatagram(t, srv, func(text string, _ netip.AddrPort) {
		if got.add(text); len(got.lines) == 2 {
			check(t, srv.Close())
			check(t, cl.Close())
		}
	})
	looptest.Run(t, l)
	got.want(t, "PING", "PANG")
}

func testUDPSendHangLoop(t *testing.T, l *uvgo.Loop) {
	const sends = 1000
	u, idle := newUDP(t, l), must(l.NewIdle())
	check(t, u.Connect(refusingUDP(t))) // nobody answers but with refusals
	ran := uvtest.NewCounter(t, "idle callback", sends+1)
	data := make([]byte, 1024)
	var next func()
	next = func() {
		check(t, idle.Stop())
		if ran.Inc(); ran.N() > sends {
			check(t, u.Close())
			check(t, idle.Close())
			return
		}
		check(t, u.SendFunc(func(err error) {
			if err != nil {
				wantErr(t, "send", err, uv.ECONNREFUSED)
			}
			check(t, idle.Start(next))
		}, noAddr, data))
	}
	check(t, idle.Start(next))
	looptest.Run(t, l)
}

func testUDPRecvInARow(t *testing.T, l *uvgo.Loop) {
	srv, addr := boundUDP(t, l)
	cl, chk := newUDP(t, l), must(l.NewCheck())
	var order journal
	check(t, chk.Start(func() {
		order.add("check")
		closeAll(t, srv, cl, chk)
	}))
	onDatagram(t, srv, func(text string, _ netip.AddrPort) { order.add(fmt.Sprintf("%q", text)) })
	for range 4 {
		check(t, cl.TrySend([]byte("0123456789"), addr))
	}
	check(t, cl.TrySend(nil, addr)) // an empty one is one, too
	looptest.Run(t, l)
	const full = `"0123456789"`
	order.want(t, full, full, full, full, `""`, "check")
}

func testUDPTrySend(t *testing.T, l *uvgo.Loop) {
	srv, addr := boundUDP(t, l)
	cl := newUDP(t, l)
	wantErr(t, "too long", cl.TrySend(make([]byte, 64<<10), addr), uv.EMSGSIZE)
	helo := handles.Datagram{Data: []byte("HELO"), Addr: addr}
	var got journal
	onDatagram(t, srv, func(text string, _ netip.AddrPort) {
		if got.add(text); len(got.lines) == 50 {
			check(t, srv.RecvStop())
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
				check(t, cl.TrySend(d.Data, d.Addr))
			}
		} else if n != len(ds) || err != nil {
			t.Errorf("TrySend2: %d of %d, %v", n, len(ds), err)
		}
	}
	if got.lines != nil {
		t.Error("a callback ran inside TrySend2")
	}
	looptest.Run(t, l)
	if len(got.lines) != 50 {
		t.Errorf("%d datagrams arrived, want 50", len(got.lines))
	}
	check(t, srv.RecvStart(func(d handles.Datagram, err error) {
		if string(d.Data) != "EXIT" || err != nil {
			t.Errorf("got %q, %v", d.Data, err)
		}
		closeAll(t, srv, cl)
	}))
	check(t, cl.TrySend([]byte("EXIT"), addr))
	looptest.Run(t, l)
}

func testUDPConnect(t *testing.T, l *uvgo.Loop) {
	srv, addr := boundUDP(t, l)
	cl := newUDP(t, l)
	exit := []byte("EXIT")
	received := uvtest.NewCounter(t, "receive callback", 4)
	onDatagram(t, srv, func(string, netip.AddrPort) {
		if received.Inc(); received.N() == 4 {
			closeAll(t, srv, cl)
		}
	})
	check(t, cl.Connect(netip.AddrPortFrom(netip.IPv4Unspecified(), addr.Port())))
	check(t, cl.Disconnect())
	check(t, cl.Connect(addr))
	wantErr(t, "a second Connect", cl.Connect(another), uv.EISCONN)
	if peer := must(cl.RemoteAddr()); peer != addr {
		t.Errorf("the peer is %v, want %v", peer, addr)
	}
	wantErr(t, "TrySend to an address", cl.TrySend(exit, addr), uv.EISCONN)
	check(t, cl.TrySend(exit, noAddr))
	check(t, cl.Disconnect())
	wantErr(t, "a second Disconnect", cl.Disconnect(), uv.ENOTCONN)
	_, err := cl.RemoteAddr()
	wantErr(t, "the peer of none", err, uv.ENOTCONN)
	check(t, cl.TrySend(exit, addr))
	wantErr(t, "TrySend without an address", cl.TrySend(exit, noAddr), uv.EDESTADDRREQ)

	check(t, cl.Connect(addr))
	sent := uvtest.NewCounter(t, "send callback", 2)
	wantErr(t, "SendFunc to an address", cl.SendFunc(nil, addr, exit), uv.EISCONN)
	check(t, cl.SendFunc(func(err error) {
		check(t, err)
		sent.Inc()
		check(t, cl.Disconnect())
		wantErr(t, "SendFunc without an address", cl.SendFunc(nil, noAddr, exit), uv.EDESTADDRREQ)
		check(t, cl.SendFunc(func(err error) {
			check(t, err)
			sent.Inc()
		}, addr, exit))
	}, noAddr, exit))
	looptest.Run(t, l)
}

func testUDPNoAutobind(t *testing.T, l *uvgo.Loop) {
	u := newUDP(t, l)
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
		wantErr(t, what, set(), uv.EBADF)
	}
	check(t, u.Close())

	u = newUDP(t, l, handles.UDP4|handles.RecvMMsg)
	check(t, u.SetMulticastTTL(32))
	check(t, u.SetBroadcast(true))
	check(t, u.SetTTL(1))
	check(t, u.SetMulticastLoop(true))
	check(t, u.SetMulticastInterface(netip.IPv4Unspecified()))
	check(t, u.SetMulticastInterface(netip.Addr{}))
	closeAndRun(t, l, u)
}

func testUDPRecvClosePollErr(t *testing.T, l *uvgo.Loop) {
	u := newUDP(t, l)
	check(t, u.Bind(anyUDP, handles.RecvErr))
	check(t, u.Connect(refusingUDP(t)))
	failed := uvtest.NewCounter(t, "receive callback", 1)
	// Two refusals: one is the socket's error, both are in its queue.
	check(t, u.TrySend([]byte("x"), noAddr))
	awaitHangup(t, must(u.FD()))
	wantErr(t, "the next send", u.TrySend([]byte("x"), noAddr), uv.ECONNREFUSED)
	check(t, u.TrySend([]byte("x"), noAddr))
	check(t, u.RecvStart(func(_ handles.Datagram, err error) {
		wantErr(t, "receive", err, uv.ECONNREFUSED)
		failed.Inc()
		check(t, u.Close()) // with the other error still to come
	}))
	looptest.Run(t, l)
}
