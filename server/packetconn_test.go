package server_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// packets is a PacketHandler of functions. Nil ones do nothing.
type packets struct {
	onPacket func(c *server.PacketConn, p []byte, from netip.AddrPort)
	t        testing.TB
	opened   chan *server.PacketConn
	mu       sync.Mutex
	open     map[*server.PacketConn]bool
}

func newPackets(t testing.TB, fn func(c *server.PacketConn, p []byte, from netip.AddrPort)) *packets {
	h := &packets{onPacket: fn, t: t, opened: make(chan *server.PacketConn, 100), open: map[*server.PacketConn]bool{}}
	t.Cleanup(func() {
		for range h.open {
			t.Error("a socket was not closed")
		}
	})
	return h
}

// answers echoes datagrams.
func answers(t testing.TB) *packets {
	return newPackets(t, func(c *server.PacketConn, p []byte, from netip.AddrPort) { uvtest.Expect(t, c.WriteTo(p, from)) })
}

func (h *packets) Packet(c *server.PacketConn, p []byte, from netip.AddrPort) {
	h.mu.Lock()
	ok := h.open[c]
	h.mu.Unlock()
	if !ok {
		h.t.Error("Packet of a socket that is not open")
	}
	h.onPacket(c, p, from)
}

func (h *packets) OpenPackets(c *server.PacketConn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open[c] = true
	h.opened <- c
}

func (h *packets) ClosePackets(c *server.PacketConn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.open[c] {
		h.t.Error("ClosePackets of a socket that is not open")
	}
	delete(h.open, c)
	uvtest.IsErr(h.t, "WriteTo", c.WriteTo([]byte("x"), netip.MustParseAddrPort("127.0.0.1:9")), net.ErrClosed)
}

// query sends a datagram until it is answered: datagrams may be lost.
func query(t testing.TB, c net.Conn, text string) {
	t.Helper()
	p := make([]byte, 65536)
	for range 100 {
		_, err := c.Write([]byte(text))
		uvtest.Check(t, err)
		uvtest.Check(t, c.SetReadDeadline(time.Now().Add(time.Second)))
		n, err := c.Read(p)
		if err == nil {
			if string(p[:n]) != text {
				t.Errorf("answer of %d bytes to %d", n, len(text))
			}
			return
		}
	}
	t.Fatal("no answer")
}

func TestPacketsAreAnswered(t *testing.T) {
	for _, tt := range []struct{ listen, ask string }{
		{"udp://127.0.0.1:0", "127.0.0.1"}, {"udp6://[::1]:0", "::1"}, {"udp://:0", "127.0.0.1"}, {"udp4://:0", "127.0.0.1"},
	} {
		t.Run(tt.listen, func(t *testing.T) {
			eachLoops(t, func(t *testing.T, loops int) {
				var mu sync.Mutex
				seen := map[any]bool{}
				h := newPackets(t, func(c *server.PacketConn, p []byte, from netip.AddrPort) {
					mu.Lock()
					seen[c.Loop()] = true
					mu.Unlock()
					if from.Addr().String() != tt.ask {
						t.Errorf("a datagram from %v", from)
					}
					uvtest.Expect(t, c.WriteTo(p, from))
				})
				r := run(t, &server.Server{PacketHandler: h, Loops: loops}, tt.listen)
				at := r.Addrs()[0].(*net.UDPAddr)
				for i := range 64 { // of different ports, over which the kernel spreads them
					c := uvtest.Must(net.Dial("udp", net.JoinHostPort(tt.ask, fmt.Sprint(at.Port))))
					query(t, c, strings.Repeat("x", i))
					c.Close()
				}
				mu.Lock()
				defer mu.Unlock()
				if len(seen) != loops || len(h.opened) != loops {
					t.Errorf("%d of %d loops got datagrams, %d sockets", len(seen), loops, len(h.opened))
				}
				if s := r.Stats(); s.PacketsIn < 64 || s.PacketsOut != s.PacketsIn || s.BytesIn < 63*64/2 || s.BytesOut != s.BytesIn || s.PacketsDropped != 0 {
					t.Errorf("%+v", s)
				}
				r.stop()
				if c := <-h.opened; c.LocalAddr().String() != at.String() {
					t.Errorf("LocalAddr %v, listens on %v", c.LocalAddr(), at)
				}
				c := uvtest.Must(net.ListenPacket("udp", at.String())) // the port is free
				c.Close()
			})
		})
	}
}

func TestUDPAddressInUse(t *testing.T) {
	eachLoops(t, func(t *testing.T, loops int) {
		r := run(t, &server.Server{PacketHandler: answers(t), Loops: loops}, "udp://127.0.0.1:0")
		query(t, r.dial(), "it has opened what it needs")
		fds := server.Descriptors()
		s := &server.Server{PacketHandler: answers(t), Handler: newProbe(t), Loops: loops}
		err := s.Listen(anyTCP, "udp://"+r.Addrs()[0].String())
		if loops > 1 {
			// A socket with SO_REUSEPORT lets in others of the same user that have it.
			if s2 := (&server.Server{PacketHandler: answers(t), Loops: loops, ReusePort: true}); s2.Listen("udp://"+r.Addrs()[0].String()) == nil {
				uvtest.Check(t, s2.Shutdown(context.Background()))
			} else {
				t.Error("ReusePort does not share the address")
			}
		}
		uvtest.IsErr(t, "Listen", err, uv.EADDRINUSE)
		wantDescriptors(t, fds)
	})
}

func TestHandlersThatAreMissing(t *testing.T) {
	only := &server.Server{Handler: newProbe(t), Loops: 1}
	if err := only.Listen("udp://127.0.0.1:0"); !errors.Is(err, uv.EINVAL) || !strings.Contains(err.Error(), "PacketHandler is nil") {
		t.Errorf("udp without PacketHandler: %v", err)
	}
	udp := &server.Server{PacketHandler: answers(t), Loops: 1}
	if err := udp.Listen(anyTCP); err == nil || !strings.Contains(err.Error(), "Handler is nil") {
		t.Errorf("tcp without Handler: %v", err)
	}
}

// TestPanicOfPacket: it is reported, and the next datagram is handled.
func TestPanicOfPacket(t *testing.T) {
	reports := make(chan string, 10)
	h := newPackets(t, func(c *server.PacketConn, p []byte, from netip.AddrPort) {
		if string(p) == "panic" {
			panic("as asked")
		}
		uvtest.Expect(t, c.WriteTo(p, from))
	})
	log := slog.New(&journal{note: func(r slog.Record) { reports <- r.Message }})
	r := run(t, &server.Server{PacketHandler: h, Loops: 1, Logger: log}, "udp://127.0.0.1:0")
	c := r.dial()
	send(t, c, []byte("panic"))
	if got := <-reports; !strings.Contains(got, "panicked") {
		t.Errorf("report %q", got)
	}
	query(t, c, "hello")
}

// TestWriteToRefusesBeyondHighWater uses a socket pair, whose one end reads nothing: on the
// loopback the kernel drops datagrams instead of refusing them.
func TestWriteToRefusesBeyondHighWater(t *testing.T) {
	const high, size = 50_000, 1000
	pair := uvtest.Must(unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0))
	defer unix.Close(pair[1])
	h := newPackets(t, func(*server.PacketConn, []byte, netip.AddrPort) {})
	r := run(t, &server.Server{PacketHandler: h, Loops: 1, HighWater: high}, fmt.Sprintf("fd://%d", pair[0]))
	c := <-h.opened
	on := func(fn func()) {
		done := make(chan struct{})
		uvtest.Check(t, c.Loop().Post(func() { defer close(done); fn() }))
		<-done
	}
	sent := 0
	on(func() {
		var err error
		for ; err == nil && sent < 1e6; sent++ {
			err = c.WriteTo([]byte(fmt.Sprintf("%0*d", size, sent)), netip.AddrPort{})
		}
		sent--
		uvtest.IsErr(t, "WriteTo", err, uv.ENOBUFS)
	})
	if s := r.Stats(); sent < high/size || s.PacketsDropped != 1 || s.PacketsOut != uint64(sent) {
		t.Errorf("%d sent, %+v", sent, s)
	}
	p := make([]byte, 2*size)
	for i := range sent {
		n, err := unix.Read(pair[1], p)
		if err != nil || string(p[:n]) != fmt.Sprintf("%0*d", size, i) {
			t.Fatalf("datagram %d of %d: %d bytes, %v", i, sent, n, err)
		}
	}
	on(func() { uvtest.Check(t, c.WriteTo([]byte("again"), netip.AddrPort{})) })
	if n, err := unix.Read(pair[1], p); string(p[:n]) != "again" {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := c.WriteTo([]byte("x"), netip.AddrPort{}); !errors.Is(err, uv.ErrNotOwner) {
		t.Errorf("on another goroutine: %v", err)
	}
}

func TestWriteToOfBadArguments(t *testing.T) {
	failed := make(chan error, 2)
	h := newPackets(t, func(c *server.PacketConn, p []byte, from netip.AddrPort) {
		failed <- c.WriteTo(p, netip.AddrPort{})
		failed <- c.WriteTo(make([]byte, 1<<17), from)
	})
	r := run(t, &server.Server{PacketHandler: h, Loops: 1}, "udp://127.0.0.1:0")
	send(t, r.dial(), []byte("x"))
	uvtest.IsErr(t, "no address", <-failed, uv.EDESTADDRREQ)
	uvtest.IsErr(t, "too long", <-failed, uv.EMSGSIZE)
	uvtest.IsErr(t, "a PacketConn of nobody", new(server.PacketConn).WriteTo(nil, netip.AddrPort{}), uv.EINVAL)
}

func TestPacketsAllocateNothing(t *testing.T) {
	if uvtest.Instrumented {
		t.Skip("instrumented code allocates")
	}
	h := newPackets(t, nil)
	h.onPacket = func(c *server.PacketConn, p []byte, from netip.AddrPort) { _ = c.WriteTo(p, from) }
	r := run(t, &server.Server{PacketHandler: h, Loops: 1}, "udp://127.0.0.1:0")
	c := r.dial()
	p := make([]byte, 100)
	trip := func() {
		_, _ = c.Write(p)
		if _, err := c.Read(p); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		trip()
	}
	const n = 2000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		trip()
	}
	runtime.ReadMemStats(&after)
	got := float64(after.Mallocs-before.Mallocs) / n
	t.Logf("%.3f allocations a datagram", got)
	if got > 0.1 {
		t.Errorf("%.2f allocations a datagram", got)
	}
}
