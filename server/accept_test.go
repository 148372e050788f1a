package server

import (
	"context"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// quick is an echo that sends each opened connection to opened.
type quick struct{ opened chan *Conn }

func (q quick) Open(c *Conn)           { q.opened <- c }
func (q quick) Data(c *Conn, p []byte) { _, _ = c.Write(p) }
func (q quick) Close(*Conn, error)     {}

// echoOnce connects and has one message echoed.
func echoOnce(t *testing.T, a net.Addr) net.Conn {
	t.Helper()
	c, err := net.Dial(a.Network(), a.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(c, "hello"); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 5)
	if _, err := io.ReadFull(c, p); err != nil || string(p) != "hello" {
		t.Fatalf("echo %q, %v", p, err)
	}
	return c
}

// noDelay asks the kernel for the connection's TCP_NODELAY.
func noDelay(t *testing.T, c *Conn) bool {
	t.Helper()
	answer := make(chan int)
	if err := c.Loop().Post(func() {
		v := -1
		if fd, err := c.stream.FD(); err == nil {
			v, _ = unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY)
		}
		answer <- v
	}); err != nil {
		t.Fatal(err)
	}
	return <-answer == 1
}

// TestTCPConnectionsAreDistributed makes the one listener that systems without SO_REUSEPORT
// get: it hands connections to the loops in turn.
func TestTCPConnectionsAreDistributed(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	const loops, conns = 3, 12
	h := quick{make(chan *Conn, conns)}
	s := &Server{Handler: h, Loops: loops}
	if err := s.prepare(); err != nil {
		t.Fatal(err)
	}
	w := s.workers[0]
	l, err := w.listenTCP(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	w.listeners = append(w.listeners, l)
	s.addrs = append(s.addrs, l.addr)
	ended := make(chan error)
	go func() { ended <- s.Serve(context.Background()) }()
	open := func() int { // after the accepting loop has closed what it handed over
		done := make(chan bool)
		if err := w.loop.Post(func() { close(done) }); err != nil {
			t.Fatal(err)
		}
		<-done
		return Descriptors()
	}
	fds := 0
	count := map[*worker]int{}
	for i := range conns {
		if i == loops { // each loop has one by now
			fds = open()
		}
		client := echoOnce(t, l.addr)
		c := <-h.opened
		count[c.worker]++
		if c.LocalAddr().String() != client.RemoteAddr().String() || c.RemoteAddr().String() != client.LocalAddr().String() {
			t.Errorf("addresses %v and %v, the client's are %v and %v", c.LocalAddr(), c.RemoteAddr(), client.RemoteAddr(), client.LocalAddr())
		}
		if !noDelay(t, c) {
			t.Error("TCP_NODELAY got lost on the way")
		}
	}
	for _, n := range count {
		if n != conns/loops {
			t.Errorf("a loop has %d connections, want %d", n, conns/loops)
		}
	}
	if n := open() - fds; n != 2*(conns-loops) {
		t.Errorf("%d descriptors for %d connections", n, conns-loops)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.Shutdown(ctx)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestDelayLeavesNagleOn(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	for _, delay := range []bool{false, true} {
		for _, loops := range []int{1, 2} {
			h := quick{make(chan *Conn, 1)}
			s := &Server{Handler: h, Loops: loops, Delay: delay}
			if err := s.Listen("tcp://127.0.0.1:0"); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error)
			go func() { ended <- s.Serve(context.Background()) }()
			client := echoOnce(t, s.Addrs()[0])
			if got := noDelay(t, <-h.opened); got == delay {
				t.Errorf("Delay %t, %d loops: TCP_NODELAY is %t", delay, loops, got)
			}
			client.Close()
			if err := s.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}
}
