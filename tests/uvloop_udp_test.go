package tests

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	uvloopTests.add(suite{
		"connected_rejects": onEachLoop(testUDPConnectedRejects),
		"unnamed_peer":      onEachLoop(testUDPUnnamedPeer),
		"send_after_close":  onEachLoop(testUDPSendAfterClose),
	})
}

func testUDPConnectedRejects(t *testing.T, l *uvgo.Loop) {
	srv, addr := boundUDP(t, l)
	other, otherAddr := boundUDP(t, l)
	u := newUDP(t, l)
	check(t, u.Connect(addr))
	none := uvtest.NewCounter(t, "datagram at another address", 0)
	check(t, other.RecvStart(func(handles.Datagram, error) { none.Inc() }))
	for _, to := range []netip.AddrPort{otherAddr, addr} { // the peer's own, too
		wantErr(t, "Send", u.Send([]byte("x"), to), uv.EISCONN)
		wantErr(t, "TrySend", u.TrySend([]byte("x"), to), uv.EISCONN)
		wantErr(t, "SendFunc", u.SendFunc(nil, to, []byte("x")), uv.EISCONN)
		_, err := u.TrySend2([]handles.Datagram{{Data: []byte("x")}, {Data: []byte("x"), Addr: to}})
		wantErr(t, "TrySend2", err, uv.EISCONN)
	}
	// What others send to it is not received, either.
	check(t, other.TrySend([]byte("not from the peer"), must(u.LocalAddr())))
	onDatagram(t, srv, func(text string, from netip.AddrPort) {
		check(t, srv.Send([]byte("from the peer"), from))
	})
	onDatagram(t, u, func(text string, from netip.AddrPort) {
		if text != "from the peer" || from != addr {
			t.Errorf("got %q from %v", text, from)
		}
		closeAll(t, u, srv, other)
	})
	check(t, u.Send([]byte("x"), noAddr))
	looptest.Run(t, l)
}

func testUDPUnnamedPeer(t *testing.T, l *uvgo.Loop) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	check(t, err)
	defer unix.Close(fds[1])
	u := newUDP(t, l)
	check(t, u.Open(uintptr(fds[0])))
	check(t, unix.Close(fds[0]))
	for _, addr := range []func() (netip.AddrPort, error){u.LocalAddr, u.RemoteAddr} {
		if a, err := addr(); a != noAddr || err != nil {
			t.Errorf("address %v, %v; want none", a, err)
		}
	}
	check(t, u.RecvStart(func(d handles.Datagram, err error) {
		check(t, err)
		if string(d.Data) != "hello" || d.Addr != noAddr || d.Addr.IsValid() {
			t.Errorf("got %q from %v, want no address", d.Data, d.Addr)
		}
		check(t, u.TrySend(d.Data, d.Addr)) // which is right to answer a connected peer
		check(t, u.Close())
	}))
	check(t, unix.Send(fds[1], []byte("hello"), 0))
	looptest.Run(t, l)
	var buf [16]byte
	if n, err := unix.Read(fds[1], buf[:]); string(buf[:n]) != "hello" || err != nil {
		t.Errorf("the peer got %q, %v", buf[:n], err)
	}
}

func testUDPSendAfterClose(t *testing.T, l *uvgo.Loop) {
	srv, addr := boundUDP(t, l)
	u, _ := boundUDP(t, l)
	never := func(error) { t.Error("a send of a closed handle completes") }
	refused := func() {
		t.Helper()
		wantErr(t, "Send", u.Send([]byte("x"), addr), uv.ErrClosed)
		wantErr(t, "TrySend", u.TrySend([]byte("x"), addr), uv.ErrClosed)
		wantErr(t, "SendFunc", u.SendFunc(never, addr, []byte("x")), uv.ErrClosed)
		_, err := u.TrySend2([]handles.Datagram{{Data: []byte("x"), Addr: addr}})
		wantErr(t, "TrySend2", err, uv.ErrClosed)
	}
	check(t, u.Close())
	refused()
	looptest.Run(t, l)
	refused()
	closeAndRun(t, l, srv)
}
