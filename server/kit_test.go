package server_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

const anyTCP = "tcp://127.0.0.1:0"

// maxWait ends a test that hangs; no test should come near it.
const maxWait = time.Minute

// An ending is a call of Close.
type ending struct {
	conn *server.Conn
	err  error
}

// A probe is a handler that holds the server to its contract: Open comes first,
// Close last, each once, and a connection's callbacks never overlap. Nil
// functions do nothing.
type probe struct {
	onOpen  func(c *server.Conn)
	onData  func(c *server.Conn, p []byte)
	onClose func(c *server.Conn, err error)

	t      testing.TB
	mu     sync.Mutex
	states map[*server.Conn]string
	opened chan *server.Conn
	closed chan ending
}

func newProbe(t testing.TB) *probe {
	p := &probe{t: t, states: map[*server.Conn]string{}, opened: make(chan *server.Conn, 1<<14), closed: make(chan ending, 1<<14)}
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, s := range p.states {
			if s != "closed" {
				t.Errorf("a connection is %s at the end", s)
			}
		}
	})
	return p
}

// turn runs a callback of the connection, which must be in state from.
func (p *probe) turn(c *server.Conn, from, to, name string, fn func()) {
	p.mu.Lock()
	if p.states[c] != from {
		p.t.Errorf("%s of a connection that is %q, want %q", name, p.states[c], from)
	}
	p.states[c] = "in " + name
	p.mu.Unlock()
	defer func() { // also after a panic
		p.mu.Lock()
		p.states[c] = to
		p.mu.Unlock()
	}()
	fn()
}

func (p *probe) Open(c *server.Conn) {
	p.turn(c, "", "open", "Open", func() {
		p.opened <- c
		if p.onOpen != nil {
			p.onOpen(c)
		}
	})
}

func (p *probe) Data(c *server.Conn, b []byte) {
	p.turn(c, "open", "open", "Data", func() {
		if len(b) == 0 {
			p.t.Error("Data without bytes")
		}
		if p.onData != nil {
			p.onData(c, b)
		}
	})
}

func (p *probe) Close(c *server.Conn, err error) {
	p.turn(c, "open", "closed", "Close", func() {
		p.closed <- ending{c, err}
		if p.onClose != nil {
			p.onClose(c, err)
		}
	})
}

// A fullProbe is a probe that is a Drainer and an EOFHandler too.
type fullProbe struct {
	*probe
	onDrain func(c *server.Conn)
	onEOF   func(c *server.Conn)
}

func (p *fullProbe) Drain(c *server.Conn) {
	p.turn(c, "open", "open", "Drain", func() { p.onDrain(c) })
}
func (p *fullProbe) EOF(c *server.Conn) { p.turn(c, "open", "open", "EOF", func() { p.onEOF(c) }) }

// echo makes a probe that echoes.
func echo(t testing.TB) *probe {
	p := newProbe(t)
	p.onData = func(c *server.Conn, b []byte) {
		if n, err := c.Write(b); n != len(b) || err != nil {
			t.Errorf("Write: %d, %v", n, err)
		}
	}
	return p
}

// A running server.
type running struct {
	*server.Server
	t      testing.TB
	served chan error
	stop   func() // shuts down, and checks what Serve returns; later calls do nothing
}

// run serves on the addresses, by default one TCP port, until the test ends. A
// Logger that is not set fails the test with what it gets.
func run(t testing.TB, s *server.Server, addrs ...string) *running {
	t.Helper()
	uvtest.Watchdog(t, 2*maxWait)
	if len(addrs) == 0 {
		addrs = []string{anyTCP}
	}
	if s.Logger == nil {
		s.Logger = slog.New(&journal{note: func(r slog.Record) { t.Errorf("log: %s", r.Message) }})
	}
	uvtest.Check(t, s.Listen(addrs...))
	r := &running{Server: s, t: t, served: make(chan error, 1)}
	go func() { r.served <- s.Serve(context.Background()) }()
	r.stop = sync.OnceFunc(func() {
		t.Helper()
		if err := s.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-r.served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(r.stop)
	return r
}

// A journal is a slog handler that hands over records.
type journal struct{ note func(slog.Record) }

func (*journal) Enabled(context.Context, slog.Level) bool { return true }
func (j *journal) WithAttrs([]slog.Attr) slog.Handler     { return j }
func (j *journal) WithGroup(string) slog.Handler          { return j }
func (j *journal) Handle(_ context.Context, r slog.Record) error {
	j.note(r)
	return nil
}

// dial connects to the server's first address; the connection is closed when
// the test ends.
func (r *running) dial() net.Conn {
	r.t.Helper()
	return r.dialAddr(r.Addrs()[0])
}

func (r *running) dialAddr(a net.Addr) net.Conn {
	r.t.Helper()
	return dialAddr(r.t, a)
}

func dialAddr(t testing.TB, a net.Addr) net.Conn {
	t.Helper()
	c, err := net.Dial(a.Network(), a.String())
	uvtest.Check(t, err)
	t.Cleanup(func() { c.Close() })
	uvtest.Check(t, c.SetDeadline(time.Now().Add(maxWait)))
	return c
}

// on runs fn on the connection's loop and waits for it.
func on(t testing.TB, c *server.Conn, fn func()) {
	t.Helper()
	done := make(chan struct{})
	uvtest.Check(t, c.Loop().Post(func() {
		defer close(done)
		fn()
	}))
	<-done
}

// send writes to a client's connection.
func send(t testing.TB, c net.Conn, p []byte) {
	t.Helper()
	_, err := c.Write(p)
	uvtest.Check(t, err)
}

// receive reads n bytes.
func receive(t testing.TB, c net.Conn, n int) []byte {
	t.Helper()
	p := make([]byte, n)
	_, err := io.ReadFull(c, p)
	uvtest.Check(t, err)
	return p
}

// roundTrip sends and receives one message.
func roundTrip(t testing.TB, c net.Conn, msg string) {
	t.Helper()
	send(t, c, []byte(msg))
	if got := receive(t, c, len(msg)); string(got) != msg {
		t.Errorf("echo of %q is %q", msg, got)
	}
}

// small gives a client a small receive buffer, so that the kernel takes only some
// MiB from the server before the client reads. With a buffer smaller than a segment of the
// loopback (64 KiB) TCP would send slowly.
func small(t testing.TB, c net.Conn) {
	t.Helper()
	uvtest.Check(t, c.(interface{ SetReadBuffer(int) error }).SetReadBuffer(256<<10))
}

// flood writes until the kernel has refused more than n bytes, and returns all
// that it wrote. The client must not read meanwhile. Each piece crosses at once,
// being too large for the output arena, so what is buffered is what was refused.
func flood(t testing.TB, c *server.Conn, n int) []byte {
	const piece = 128 << 10
	var all []byte
	for c.Buffered() <= n {
		p := patternAt(len(all), piece)
		if _, err := c.Write(p); err != nil {
			t.Errorf("Write: %v", err)
			break
		}
		all = append(all, p...)
	}
	return all
}

// wantDescriptors expects n open descriptors, as many as before the test's action.
func wantDescriptors(t testing.TB, n int) {
	t.Helper()
	if got := server.Descriptors(); got != n {
		t.Errorf("%d descriptors, %d before", got, n)
	}
}

// pattern returns n bytes that differ from place to place.
func pattern(n int) []byte { return patternAt(0, n) }

// patternAt returns n bytes of a longer pattern, from one place on.
func patternAt(at, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte((at + i) ^ (at+i)>>8 ^ (at+i)>>16)
	}
	return p
}

// reserve returns a loopback address, or one of every interface, at a port that
// is nobody else's until the test ends: a socket is bound to it that does not
// listen. Servers, which share addresses with such a socket, may come and go
// there, and what they leave cannot be taken by another program meanwhile.
func reserve(t testing.TB, any bool) *net.TCPAddr {
	t.Helper()
	ip := net.IPv4(127, 0, 0, 1)
	if any {
		ip = net.IPv4zero
	}
	fd := uvtest.Must(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	t.Cleanup(func() { unix.Close(fd) })
	uvtest.Check(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
	uvtest.Check(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte(ip.To4())}))
	port := uvtest.Must(unix.Getsockname(fd)).(*unix.SockaddrInet4).Port
	return &net.TCPAddr{IP: ip, Port: port}
}

// dialFrom connects from a loopback address.
func dialFrom(t testing.TB, a net.Addr, from string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.Dial(a.Network(), a.String())
	uvtest.Check(t, err)
	t.Cleanup(func() { c.Close() })
	uvtest.Check(t, c.SetDeadline(time.Now().Add(maxWait)))
	return c
}
