package uvloop

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"connected_rejects": kit.PerLoop(testUDPConnectedRejects),
		"unnamed_peer":      kit.PerLoop(testUDPUnnamedPeer),
		"send_after_close":  kit.PerLoop(testUDPSendAfterClose),
	})
}

func testUDPConnectedRejects(t *testing.T, l *uvgo.Loop) {
	srv, addr := kit.BoundUDP(t, l)
	other, otherAddr := kit.BoundUDP(t, l)
	u := kit.NewUDP(t, l)
	uvtest.Check(t, u.Connect(addr))
	none := uvtest.NewCounter(t, "datagram at another address", 0)
	uvtest.Check(t, other.RecvStart(func(handles.Datagram, error) { none.Inc() }))
	for _, to := range []netip.AddrPort{otherAddr, addr} { // the peer's own, too
		uvtest.IsErr(t, "Send", u.Send([]byte("x"), to), uv.EISCONN)
		uvtest.IsErr(t, "TrySend", u.TrySend([]byte("x"), to), uv.EISCONN)
		uvtest.IsErr(t, "SendFunc", u.SendFunc(nil, to, []byte("x")), uv.EISCONN)
		_, err := u.TrySend2([]handles.Datagram{{Data: []byte("x")}, {Data: []byte("x"), Addr: to}})
		uvtest.IsErr(t, "TrySend2", err, uv.EISCONN)
	}
	// What others send to it is not received, either.
	uvtest.Check(t, other.TrySend([]byte("not from the peer"), uvtest.Must(u.LocalAddr())))
	kit.OnDatagram(t, srv, func(text string, from netip.AddrPort) {
		uvtest.Check(t, srv.Send([]byte("from the peer"), from))
	})
	kit.OnDatagram(t, u, func(text string, from netip.AddrPort) {
		if text != "from the peer" || from != addr {
			t.Errorf("got %q from %v", text, from)
		}
		uvtest.CloseAll(t, u, srv, other)
	})
	uvtest.Check(t, u.Send([]byte("x"), kit.NoAddr))
	looptest.Run(t, l)
}

func testUDPUnnamedPeer(t *testing.T, l *uvgo.Loop) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	uvtest.Check(t, err)
	defer unix.Close(fds[1])
	u := kit.NewUDP(t, l)
	uvtest.Check(t, u.Open(uintptr(fds[0])))
	uvtest.Check(t, unix.Close(fds[0]))
	for _, addr := range []func() (netip.AddrPort, error){u.LocalAddr, u.RemoteAddr} {
		if a, err := addr(); a != kit.NoAddr || err != nil {
			t.Errorf("address %v, %v; want none", a, err)
		}
	}
	uvtest.Check(t, u.RecvStart(func(d handles.Datagram, err error) {
		uvtest.Check(t, err)
		if string(d.Data) != "hello" || d.Addr != kit.NoAddr || d.Addr.IsValid() {
			t.Errorf("got %q from %v, want no address", d.Data, d.Addr)
		}
		uvtest.Check(t, u.TrySend(d.Data, d.Addr)) // which is right to answer a connected peer
		uvtest.Check(t, u.Close())
	}))
	uvtest.Check(t, unix.Send(fds[1], []byte("hello"), 0))
	looptest.Run(t, l)
	var buf [16]byte
	if n, err := unix.Read(fds[1], buf[:]); string(buf[:n]) != "hello" || err != nil {
		t.Errorf("the peer got %q, %v", buf[:n], err)
	}
}

func testUDPSendAfterClose(t *testing.T, l *uvgo.Loop) {
	srv, addr := kit.BoundUDP(t, l)
	u, _ := kit.BoundUDP(t, l)
	never := func(error) { t.Error("a send of a closed handle completes") }
	refused := func() {
		t.Helper()
		uvtest.IsErr(t, "Send", u.Send([]byte("x"), addr), uv.ErrClosed)
		uvtest.IsErr(t, "TrySend", u.TrySend([]byte("x"), addr), uv.ErrClosed)
		uvtest.IsErr(t, "SendFunc", u.SendFunc(never, addr, []byte("x")), uv.ErrClosed)
		_, err := u.TrySend2([]handles.Datagram{{Data: []byte("x"), Addr: addr}})
		uvtest.IsErr(t, "TrySend2", err, uv.ErrClosed)
	}
	uvtest.Check(t, u.Close())
	refused()
	looptest.Run(t, l)
	refused()
	kit.CloseAndRun(t, l, srv)
}
