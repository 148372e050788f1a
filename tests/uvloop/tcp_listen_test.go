package uvloop

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"port_zero":             kit.PerLoop(testPortZero),
		"bind_conflict":         kit.PerLoop(testBindConflict),
		"v4_v6_share":           kit.PerLoop(testV4V6Share),
		"reuseport_two":         kit.PerLoop(testReuseportTwo),
		"bind_failure_releases": kit.PerLoop(testBindFailureReleases),
	})
}

func testPortZero(t *testing.T, l *uvgo.Loop) {
	s, addr := kit.TCPListener(t, l, func(c *handles.TCP) { c.Close() })
	if addr.Port() == 0 || addr.Addr() != looptest.Loopback.Addr() {
		t.Errorf("the handle listens on %v", addr)
	}
	c := uvtest.Must(net.Dial("tcp", addr.String()))
	c.Close()
	looptest.TurnOnce(t, l)
	uvtest.CloseAll(t, s)
	looptest.Run(t, l)

	for _, loops := range []int{1, 3} {
		srv := &server.Server{Handler: &kit.Handler{}, Loops: loops}
		stop := kit.Serve(srv, anyTCP, anyTCP)
		a, b := srv.Addrs()[0].(*net.TCPAddr), srv.Addrs()[1].(*net.TCPAddr)
		if a.Port == 0 || b.Port == 0 || a.Port == b.Port {
			t.Errorf("a server of %d loops listens on %v and %v", loops, a, b)
		}
		for _, a := range srv.Addrs() {
			c := kit.Dial(t, a)
			uvtest.Check(t, kit.EchoesBack(c, "the port is real"))
			c.Close()
		}
		stop()
	}
}

func testBindConflict(t *testing.T, l *uvgo.Loop) {
	taken := uvtest.Must(net.Listen("tcp", looptest.Loopback.String()))
	defer taken.Close()
	h := kit.NewTCP(t, l)
	err := h.Bind(netip.MustParseAddrPort(taken.Addr().String()))
	if err == nil { // libuv reports it only now
		err = h.Listen(1, func(*handles.TCP, error) { t.Error("a connection came in all the same") })
	}
	uvtest.IsErr(t, "the handle", err, uv.EADDRINUSE)
	uvtest.IsErr(t, "the handle", err, syscall.EADDRINUSE)
	uvtest.CloseAll(t, h)
	looptest.Run(t, l)

	for _, loops := range []int{1, 3} {
		srv := &server.Server{Handler: &kit.Handler{}, Loops: loops}
		err := srv.Listen("tcp://" + taken.Addr().String())
		uvtest.IsErr(t, "the server", err, uv.EADDRINUSE)
		uvtest.IsErr(t, "the server", err, syscall.EADDRINUSE)
		if !strings.Contains(fmt.Sprint(err), taken.Addr().String()) {
			t.Errorf("%q does not name the address", err)
		}
	}
}

func testV4V6Share(t *testing.T, l *uvgo.Loop) {
	var six, four []*handles.TCP
	listen := func(addr netip.AddrPort, to *[]*handles.TCP, opts ...handles.BindOption) (*handles.TCP, error) {
		h := kit.NewTCP(t, l)
		uvtest.Check(t, h.Bind(addr, opts...))
		return h, h.Listen(8, func(c *handles.TCP, err error) {
			uvtest.Check(t, err)
			*to = append(*to, c)
		})
	}
	portOf := func(h *handles.TCP) uint16 { return uvtest.Must(h.LocalAddr()).Port() }
	var a, b *handles.TCP
	for tries := 0; b == nil; tries++ {
		var err error
		a, err = listen(netip.AddrPortFrom(netip.IPv6Unspecified(), 0), &six, handles.IPv6Only)
		uvtest.Check(t, err)
		b, err = listen(netip.AddrPortFrom(netip.IPv4Unspecified(), portOf(a)), &four)
		if errors.Is(err, uv.EADDRINUSE) && tries < 20 { // another process may have the port for IPv4
			uvtest.CloseAll(t, a, b)
			b = nil
			continue
		}
		uvtest.Check(t, err)
	}
	port := portOf(a)
	for i := range 6 {
		host := "127.0.0.1"
		if i%2 == 1 {
			host = "::1"
		}
		c := uvtest.Must(net.Dial("tcp", net.JoinHostPort(host, fmt.Sprint(port))))
		looptest.Until(t, l, func() bool { return len(four)+len(six) == i+1 })
		c.Close()
	}
	if len(four) != 3 || len(six) != 3 {
		t.Errorf("%d connections by IPv4, %d by IPv6, want 3 each", len(four), len(six))
	}
	for _, c := range append(four, six...) {
		uvtest.CloseAll(t, c)
	}

	// Without the option IPv6 takes IPv4 too, so they cannot share.
	d, err := listen(netip.AddrPortFrom(netip.IPv6Unspecified(), 0), &six)
	uvtest.Check(t, err)
	e := kit.NewTCP(t, l)
	err = e.Bind(netip.AddrPortFrom(netip.IPv4Unspecified(), portOf(d)))
	if err == nil {
		err = e.Listen(8, func(*handles.TCP, error) {})
	}
	uvtest.IsErr(t, "the port of a socket for both", err, uv.EADDRINUSE)
	uvtest.CloseAll(t, a, b, d, e)
	looptest.Run(t, l)
}

func testReuseportTwo(t *testing.T, l *uvgo.Loop) {
	var conns [2][]*handles.TCP
	var listeners [2]*handles.TCP
	at := looptest.Loopback
	for i := range listeners {
		h := kit.NewTCP(t, l)
		uvtest.Check(t, h.Bind(at, handles.ReusePort))
		uvtest.Check(t, h.Listen(128, func(c *handles.TCP, err error) {
			uvtest.Check(t, err)
			conns[i] = append(conns[i], c)
		}))
		listeners[i], at = h, uvtest.Must(h.LocalAddr())
	}
	const clients = 64
	for i := range clients {
		c := uvtest.Must(net.Dial("tcp", at.String()))
		defer c.Close()
		looptest.Until(t, l, func() bool { return len(conns[0])+len(conns[1]) == i+1 })
	}
	if len(conns[0]) == 0 || len(conns[1]) == 0 {
		t.Errorf("%d and %d of %d connections: one listener got none", len(conns[0]), len(conns[1]), clients)
	}
	stranger := kit.NewTCP(t, l)
	err := stranger.Bind(at)
	if err == nil {
		err = stranger.Listen(1, func(*handles.TCP, error) {})
	}
	uvtest.IsErr(t, "a listener that does not share", err, uv.EADDRINUSE)
	uvtest.CloseAll(t, stranger, listeners[0])
	for _, c := range append(conns[0], conns[1]...) {
		uvtest.CloseAll(t, c)
	}
	looptestDrain(t, l, func() bool { return !listeners[0].Active() })

	// The one that is left gets all.
	conns = [2][]*handles.TCP{}
	for range 8 {
		c := uvtest.Must(net.Dial("tcp", at.String()))
		defer c.Close()
	}
	looptest.Until(t, l, func() bool { return len(conns[1]) == 8 })
	for _, c := range conns[1] {
		uvtest.CloseAll(t, c)
	}
	uvtest.CloseAll(t, listeners[1])
	looptest.Run(t, l)
}

// looptestDrain runs a few turns, until done at least.
func looptestDrain(t *testing.T, l *uvgo.Loop, done func() bool) {
	t.Helper()
	for range 3 {
		looptest.TurnNoWait(t, l)
	}
	looptest.Until(t, l, done)
}

func testBindFailureReleases(t *testing.T, l *uvgo.Loop) {
	first := uvtest.Must(l.NewTCP()) // a loop's first stream opens a spare descriptor
	uvtest.CloseAll(t, first)
	looptest.Run(t, l)
	taken := uvtest.Must(net.Listen("tcp", looptest.Loopback.String()))
	defer taken.Close()
	fds := uvtest.FDs()
	for _, addr := range []string{taken.Addr().String(), "192.0.2.1:0", "[2001:db8::1]:0"} { // documentation's: nobody's
		h := kit.NewTCP(t, l)
		err := h.Bind(netip.MustParseAddrPort(addr))
		if err == nil {
			err = h.Listen(1, func(*handles.TCP, error) {})
		}
		if !errors.Is(err, uv.EADDRINUSE) && !errors.Is(err, uv.EADDRNOTAVAIL) {
			t.Errorf("%s: %v", addr, err)
		}
		uvtest.CloseAll(t, h)
	}
	looptest.Run(t, l)
	if n := uvtest.FDs(); n != fds {
		t.Errorf("%d descriptors after failed binds, %d before", n, fds)
	}

	free := uvtest.Must(net.Listen("tcp", "127.98.76.54:0")) // where nobody else takes the port meanwhile
	free.Close()
	for _, loops := range []int{1, 3} {
		fds := uvtest.FDs()
		srv := &server.Server{Handler: &kit.Handler{}, Loops: loops}
		err := srv.Listen("tcp://"+free.Addr().String(), anyTCP, "tcp://"+taken.Addr().String())
		uvtest.IsErr(t, "the server", err, uv.EADDRINUSE)
		if n := uvtest.FDs(); n != fds {
			t.Errorf("%d loops: %d descriptors after a failed Listen, %d before", loops, n, fds)
		}
		ln, err := net.Listen("tcp", free.Addr().String())
		uvtest.Check(t, err)
		ln.Close()
	}
}
