package tests

import (
	"errors"
	"io"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// newTCP makes a TCP handle.
func newTCP(t testing.TB, l *uvgo.Loop) *handles.TCP {
	t.Helper()
	h, err := l.NewTCP()
	check(t, err)
	return h
}

// tcpListener listens on a port of the loopback and hands out connections; an
// error of the listener ends the test.
func tcpListener(t testing.TB, l *uvgo.Loop, fn func(c *handles.TCP)) (*handles.TCP, netip.AddrPort) {
	t.Helper()
	s := newTCP(t, l)
	check(t, s.Bind(anyPort))
	check(t, s.Listen(128, func(c *handles.TCP, err error) {
		if err != nil {
			t.Errorf("accept: %v", err)
			return
		}
		fn(c)
	}))
	addr, err := s.LocalAddr()
	check(t, err)
	return s, addr
}

// tcpConnect connects and hands out the connection once it is there.
func tcpConnect(t testing.TB, l *uvgo.Loop, addr netip.AddrPort, fn func(c *handles.TCP)) *handles.TCP {
	t.Helper()
	c := newTCP(t, l)
	connected := uvtest.NewCounter(t, "connect callback", 1)
	check(t, c.Connect(addr, func(err error) {
		connected.Inc()
		if err != nil {
			t.Errorf("connect: %v", err)
			return
		}
		fn(c)
	}))
	return c
}

// tcpPair returns both ends of a new connection; its listener is closed.
func tcpPair(t testing.TB, l *uvgo.Loop) (client, server *handles.TCP) {
	t.Helper()
	s, addr := tcpListener(t, l, func(c *handles.TCP) { server = c })
	connected := false
	client = tcpConnect(t, l, addr, func(*handles.TCP) { connected = true })
	turnUntil(t, l, func() bool { return connected && server != nil })
	closeAll(t, s)
	return client, server
}

// tcpEcho makes a connection send back what it receives, and end when its peer
// does.
func tcpEcho(t testing.TB, c *handles.TCP) {
	t.Helper()
	check(t, c.ReadStart(func(p []byte, err error) {
		if err == nil {
			_, err = c.Write(p)
		}
		if err == io.EOF {
			err = c.Shutdown(func(error) { c.Close() })
		}
		if err != nil {
			t.Errorf("echo: %v", err)
			c.Close()
		}
	}))
}

// turnUntil runs turns that may block until done says so.
func turnUntil(t testing.TB, l *uvgo.Loop, done func() bool) {
	t.Helper()
	for !done() {
		if !turnOnce(t, l) && !done() {
			t.Fatal("no work is left, yet it is not done")
		}
	}
}

// pollUntil runs turns that do not block until done says so: it is something
// that the loop has no event for.
func pollUntil(t testing.TB, l *uvgo.Loop, done func() bool) {
	t.Helper()
	for !done() {
		turnNoWait(t, l)
	}
}

// idleTurns lets the loop wait for d with nothing to do but a timer, and fails
// the test if it turned more often than a few times: a busy loop makes
// thousands of turns. The number is the evidence, not the time.
func idleTurns(t testing.TB, l *uvgo.Loop, d time.Duration) {
	t.Helper()
	const few = 12
	rang := false
	tm, err := l.AfterFunc(d, func() { rang = true })
	check(t, err)
	before := l.Stats().Turns
	turnUntil(t, l, func() bool { return rang })
	if n := l.Stats().Turns - before; n > few {
		t.Errorf("%d turns with nothing to do, want at most %d", n, few)
	}
	_ = tm
}

// closeAll starts closing the handles.
func closeAll(t testing.TB, hs ...io.Closer) {
	t.Helper()
	for _, h := range hs {
		check(t, h.Close())
	}
}

// isErr fails the test unless errors.Is says so.
func isErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}

// pattern returns n bytes of which every stretch tells its place.
func pattern(n int, seed uint32) []byte {
	p := make([]byte, n)
	x := seed*2654435761 + 1
	for i := range p {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		p[i] = byte(x >> 11)
	}
	return p
}

// rawSocket returns a TCP socket that belongs to the test.
func rawSocket(t testing.TB) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	check(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// rawBind binds a socket of the test to a free port of the loopback.
func rawBind(t testing.TB, fd int) netip.AddrPort {
	t.Helper()
	check(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	sa, err := unix.Getsockname(fd)
	check(t, err)
	in := sa.(*unix.SockaddrInet4)
	return netip.AddrPortFrom(netip.AddrFrom4(in.Addr), uint16(in.Port))
}

// awaitHangup waits until a socket has a hang-up or an error to report.
func awaitHangup(t testing.TB, fd int) {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(fd)}}
	for fds[0].Revents == 0 {
		if _, err := unix.Poll(fds, -1); err != nil && !errors.Is(err, unix.EINTR) {
			t.Fatal(err)
		}
	}
}

// refusingAddr returns an address that refuses connections: its port is taken,
// but nobody listens.
func refusingAddr(t testing.TB) netip.AddrPort {
	t.Helper()
	return rawBind(t, rawSocket(t))
}

// silentAddr returns an address on which connecting neither succeeds nor fails:
// the listener's queue is full, so the kernel drops what comes.
func silentAddr(t testing.TB) netip.AddrPort {
	t.Helper()
	ln := rawSocket(t)
	addr := rawBind(t, ln)
	check(t, unix.Listen(ln, 0))
	fill := rawSocket(t)
	check(t, unix.Connect(fill, &unix.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(addr.Port())}))
	return addr
}
