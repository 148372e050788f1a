package tests

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
	"github.com/uvgo/uvgo/uv"
)

func init() {
	uvloopTests.add(suite{
		"port_zero":             onEachLoop(testPortZero),
		"bind_conflict":         onEachLoop(testBindConflict),
		"v4_v6_share":           onEachLoop(testV4V6Share),
		"reuseport_two":         onEachLoop(testReuseportTwo),
		"bind_failure_releases": onEachLoop(testBindFailureReleases),
	})
}

func testPortZero(t *testing.T, l *uvgo.Loop) {
	s, addr := tcpListener(t, l, func(c *handles.TCP) { c.Close() })
	if addr.Port() == 0 || addr.Addr() != anyPort.Addr() {
		t.Errorf("the handle listens on %v", addr)
	}
	c := must(net.Dial("tcp", addr.String()))
	c.Close()
	turnOnce(t, l)
	closeAll(t, s)
	looptest.Run(t, l)

	for _, loops := range []int{1, 3} {
		srv := &server.Server{Handler: &handler{}, Loops: loops}
		stop := serve(srv, anyTCP, anyTCP)
		a, b := srv.Addrs()[0].(*net.TCPAddr), srv.Addrs()[1].(*net.TCPAddr)
		if a.Port == 0 || b.Port == 0 || a.Port == b.Port {
			t.Errorf("a server of %d loops listens on %v and %v", loops, a, b)
		}
		for _, a := range srv.Addrs() {
			c := dial(t, a)
			check(t, echoesBack(c, "the port is real"))
			c.Close()
		}
		stop()
	}
}

func testBindConflict(t *testing.T, l *uvgo.Loop) {
	taken := must(net.Listen("tcp", anyPort.String()))
	defer taken.Close()
	h := newTCP(t, l)
	err := h.Bind(netip.MustParseAddrPort(taken.Addr().String()))
	if err == nil { // libuv reports it only now
		err = h.Listen(1, func(*handles.TCP, error) { t.Error("a connection came in all the same") })
	}
	isErr(t, "the handle", err, uv.EADDRINUSE)
	isErr(t, "the handle", err, syscall.EADDRINUSE)
	closeAll(t, h)
	looptest.Run(t, l)

	for _, loops := range []int{1, 3} {
		srv := &server.Server{Handler: &handler{}, Loops: loops}
		err := srv.Listen("tcp://" + taken.Addr().String())
		isErr(t, "the server", err, uv.EADDRINUSE)
		isErr(t, "the server", err, syscall.EADDRINUSE)
		if !strings.Contains(fmt.Sprint(err), taken.Addr().String()) {
			t.Errorf("%q does not name the address", err)
		}
	}
}

func testV4V6Share(t *testing.T, l *uvgo.Loop) {
	var six, four []*handles.TCP
	listen := func(addr netip.AddrPort, to *[]*handles.TCP, opts ...handles.BindOption) (*handles.TCP, error) {
		h := newTCP(t, l)
		check(t, h.Bind(addr, opts...))
		return h, h.Listen(8, func(c *handles.TCP, err error) {
			check(t, err)
			*to = append(*to, c)
		})
	}
	portOf := func(h *handles.TCP) uint16 { return must(h.LocalAddr()).Port() }
	var a, b *handles.TCP
	for tries := 0; b == nil; tries++ {
		var err error
		a, err = listen(netip.AddrPortFrom(netip.IPv6Unspecified(), 0), &six, handles.IPv6Only)
		check(t, err)
		b, err = listen(netip.AddrPortFrom(netip.IPv4Unspecified(), portOf(a)), &four)
		if errors.Is(err, uv.EADDRINUSE) && tries < 20 { // another process may have the port for IPv4
			closeAll(t, a, b)
			b = nil
			continue
		}
		check(t, err)
	}
	port := portOf(a)
	for i := range 6 {
		host := "127.0.0.1"
		if i%2 == 1 {
			host = "::1"
		}
		c := must(net.Dial("tcp", net.JoinHostPort(host, fmt.Sprint(port))))
		turnUntil(t, l, func() bool { return len(four)+len(six) == i+1 })
		c.Close()
	}
	if len(four) != 3 || len(six) != 3 {
		t.Errorf("%d connections by IPv4, %d by IPv6, want 3 each", len(four), len(six))
	}
	for _, c := range append(four, six...) {
		closeAll(t, c)
	}

	// Without the option IPv6 takes IPv4 too, so they cannot share.
	d, err := listen(netip.AddrPortFrom(netip.IPv6Unspecified(), 0), &six)
	check(t, err)
	e := newTCP(t, l)
	err = e.Bind(netip.AddrPortFrom(netip.IPv4Unspecified(), portOf(d)))
	if err == nil {
		err = e.Listen(8, func(*handles.TCP, error) {})
	}
	isErr(t, "the port of a socket for both", err, uv.EADDRINUSE)
	closeAll(t, a, b, d, e)
	looptest.Run(t, l)
}

func testReuseportTwo(t *testing.T, l *uvgo.Loop) {
	var conns [2][]*handles.TCP
	var listeners [2]*handles.TCP
	at := anyPort
	for i := range listeners {
		h := newTCP(t, l)
		check(t, h.Bind(at, handles.ReusePort))
		check(t, h.Listen(128, func(c *handles.TCP, err error) {
			check(t, err)
			conns[i] = append(conns[i], c)
		}))
		listeners[i], at = h, must(h.LocalAddr())
	}
	const clients = 64
	for i := range clients {
		c := must(net.Dial("tcp", at.String()))
		defer c.Close()
		turnUntil(t, l, func() bool { return len(conns[0])+len(conns[1]) == i+1 })
	}
	if len(conns[0]) == 0 || len(conns[1]) == 0 {
		t.Errorf("%d and %d of %d connections: one listener got none", len(conns[0]), len(conns[1]), clients)
	}
	stranger := newTCP(t, l)
	err := stranger.Bind(at)
	if err == nil {
		err = stranger.Listen(1, func(*handles.TCP, error) {})
	}
	isErr(t, "a listener that does not share", err, uv.EADDRINUSE)
	closeAll(t, stranger, listeners[0])
	for _, c := range append(conns[0], conns[1]...) {
		closeAll(t, c)
	}
	looptestDrain(t, l, func() bool { return !listeners[0].Active() })

	// The one that is left gets all.
	conns = [2][]*handles.TCP{}
	for range 8 {
		c := must(net.Dial("tcp", at.String()))
		defer c.Close()
	}
	turnUntil(t, l, func() bool { return len(conns[1]) == 8 })
	for _, c := range conns[1] {
		closeAll(t, c)
	}
	closeAll(t, listeners[1])
	looptest.Run(t, l)
}

// looptestDrain runs a few turns, until done at least.
func looptestDrain(t *testing.T, l *uvgo.Loop, done func() bool) {
	t.Helper()
	for range 3 {
		turnNoWait(t, l)
	}
	turnUntil(t, l, done)
}

func testBindFailureReleases(t *testing.T, l *uvgo.Loop) {
	first := must(l.NewTCP()) // a loop's first stream opens a spare descriptor
	closeAll(t, first)
	looptest.Run(t, l)
	taken := must(net.Listen("tcp", anyPort.String()))
	defer taken.Close()
	fds := uvtest.FDs()
	for _, addr := range []string{taken.Addr().String(), "192.0.2.1:0", "[2001:db8::1]:0"} { // documentation's: nobody's
		h := newTCP(t, l)
		err := h.Bind(netip.MustParseAddrPort(addr))
		if err == nil {
			err = h.Listen(1, func(*handles.TCP, error) {})
		}
		if !errors.Is(err, uv.EADDRINUSE) && !errors.Is(err, uv.EADDRNOTAVAIL) {
			t.Errorf("%s: %v", addr, err)
		}
		closeAll(t, h)
	}
	looptest.Run(t, l)
	if n := uvtest.FDs(); n != fds {
		t.Errorf("%d descriptors after failed binds, %d before", n, fds)
	}

	free := must(net.Listen("tcp", "127.98.76.54:0")) // where nobody else takes the port meanwhile
	free.Close()
	for _, loops := range []int{1, 3} {
		fds := uvtest.FDs()
		srv := &server.Server{Handler: &handler{}, Loops: loops}
		err := srv.Listen("tcp://"+free.Addr().String(), anyTCP, "tcp://"+taken.Addr().String())
		isErr(t, "the server", err, uv.EADDRINUSE)
		if n := uvtest.FDs(); n != fds {
			t.Errorf("%d loops: %d descriptors after a failed Listen, %d before", loops, n, fds)
		}
		ln, err := net.Listen("tcp", free.Addr().String())
		check(t, err)
		ln.Close()
	}
}
