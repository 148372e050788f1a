package handles_test

import (
	"errors"
	"io"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// smallArenas makes a loop run out of arena soon.
var smallArenas = uvgo.WithArenas(64<<10, 64<<10)

// newLoop is looptest.New with a watchdog.
func newLoop(t testing.TB, opts ...uvgo.Option) *uvgo.Loop {
	t.Helper()
	uvtest.Watchdog(t, 2*time.Minute)
	return looptest.New(t, opts...)
}

// parked runs a test under both ways in which a loop waits.
func parked(t *testing.T, fn func(t *testing.T, l *uvgo.Loop), opts ...uvgo.Option) {
	for _, p := range []struct {
		name string
		how  uvgo.Parking
	}{{"thread", uvgo.ParkThread}, {"goroutine", uvgo.ParkGoroutine}} {
		t.Run(p.name, func(t *testing.T) { fn(t, newLoop(t, append(opts, uvgo.WithParking(p.how))...)) })
	}
}

// must unwraps a result of a call that cannot fail in a test.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// check fails the test at once for an error.
func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// isErr fails the test unless errors.Is says so.
func isErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}

func closeAll(t testing.TB, hs ...io.Closer) {
	t.Helper()
	for _, h := range hs {
		check(t, h.Close())
	}
}

// turn runs n turns that do not block.
func turn(t testing.TB, l *uvgo.Loop, n int) {
	t.Helper()
	for range n {
		_, err := l.RunNoWait()
		check(t, err)
	}
}

// until runs blocking turns until done says so.
func until(t testing.TB, l *uvgo.Loop, done func() bool) {
	t.Helper()
	for !done() {
		alive, err := l.RunOnce()
		check(t, err)
		if !alive && !done() {
			t.Fatal("no work is left, yet it is not done")
		}
	}
}

// poll runs turns that do not block until done says so: it is something that
// the loop has no event for.
func poll(t testing.TB, l *uvgo.Loop, done func() bool) {
	t.Helper()
	for !done() {
		turn(t, l, 1)
	}
}

// listen makes a listener on a free port of the loopback.
func listen(t testing.TB, l *uvgo.Loop, fn func(c *handles.TCP, err error)) (*handles.TCP, netip.AddrPort) {
	t.Helper()
	s := must(l.NewTCP())
	check(t, s.Bind(loopback))
	check(t, s.Listen(128, fn))
	return s, must(s.LocalAddr())
}

// pair returns both ends of a new connection.
func pair(t testing.TB, l *uvgo.Loop) (client, server *handles.TCP) {
	t.Helper()
	connected := false
	ln, addr := listen(t, l, func(c *handles.TCP, err error) {
		check(t, err)
		server = c
	})
	client = must(l.NewTCP())
	check(t, client.Connect(addr, func(err error) {
		check(t, err)
		connected = true
	}))
	until(t, l, func() bool { return connected && server != nil })
	closeAll(t, ln)
	return client, server
}

// pipePair returns the two ends of a unix socket pair.
func pipePair(t testing.TB, l *uvgo.Loop) (a, b *handles.Pipe) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	check(t, err)
	a, b = must(l.NewPipe()), must(l.NewPipe())
	check(t, a.Open(uintptr(fds[0])))
	check(t, b.Open(uintptr(fds[1])))
	unix.Close(fds[0])
	unix.Close(fds[1])
	return a, b
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

// unread returns how many bytes the kernel has for a stream.
func unread(t testing.TB, s handles.Stream) int {
	t.Helper()
	return must(unix.IoctlGetInt(must(s.FD()), unix.TIOCINQ))
}

// wideReceive lets the kernel keep more than one chunk for a stream.
func wideReceive(t testing.TB, s handles.Stream) {
	t.Helper()
	check(t, unix.SetsockoptInt(must(s.FD()), unix.SOL_SOCKET, unix.SO_RCVBUF, 1<<20))
}

// lockThread keeps the test on its thread until it ends.
func lockThread(t testing.TB) {
	t.Helper()
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
}
