package server_test

import (
	"context"
	"log/slog"
	"net/netip"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// an opener is a PacketOpener of functions. Nil ones do nothing.
type opener struct {
	open, close func(c *server.PacketConn)
	packet      func(c *server.PacketConn, p []byte, from netip.AddrPort)
}

func (o *opener) Packet(c *server.PacketConn, p []byte, from netip.AddrPort) {
	if o.packet != nil {
		o.packet(c, p, from)
	}
}
func (o *opener) OpenPackets(c *server.PacketConn) {
	if o.open != nil {
		o.open(c)
	}
}
func (o *opener) ClosePackets(c *server.PacketConn) {
	if o.close != nil {
		o.close(c)
	}
}

// eachEnd runs a test with a server that ends by Shutdown, and with one that ends with Serve's
// context. begin ends it; wait waits for that.
func eachEnd(t *testing.T, build func() *server.Server, test func(t *testing.T, s *server.Server, begin, wait func())) {
	for _, how := range []string{"Shutdown", "context"} {
		t.Run(how, func(t *testing.T) {
			uvtest.Watchdog(t, maxWait)
			s := build()
			uvtest.Check(t, s.Listen("udp://127.0.0.1:0", anyTCP))
			ctx, cancel := context.WithCancel(t.Context())
			served := chanOf(func() error { return s.Serve(ctx) })
			begin, want := cancel, context.Canceled
			if how == "Shutdown" {
				c := dialAddr(t, s.Addrs()[1])
				begin, want = func() {
					go s.Shutdown(context.Background())
					_, _ = c.Read(make([]byte, 1)) // until the loop has closed what is open
					c.Close()
				}, nil
			}
			test(t, s, begin, func() {
				if err := <-served; err != want {
					t.Errorf("Serve: %v", err)
				}
			})
		})
	}
}

// chanOf runs fn on a goroutine; its result comes from the channel.
func chanOf(fn func() error) <-chan error {
	result := make(chan error, 1)
	go func() { result <- fn() }()
	return result
}

// TestPanicAtTheEnd: panics of ClosePackets and Close are reported, and the closing goes on.
func TestPanicAtTheEnd(t *testing.T) {
	reports := make(chan string, 10)
	sockets := make(chan bool, 1)
	conns := make(chan bool, 2)
	eachEnd(t, func() *server.Server {
		return &server.Server{
			Loops:  1,
			Logger: slog.New(&journal{note: func(r slog.Record) { reports <- r.Message }}),
			Handler: &handler{
				open:  func(*server.Conn) { conns <- true },
				close: func(*server.Conn, error) { panic("as asked") },
			},
			PacketHandler: &opener{
				open:  func(*server.PacketConn) { sockets <- true },
				close: func(*server.PacketConn) { panic("as asked") },
			},
		}
	}, func(t *testing.T, s *server.Server, begin, wait func()) {
		<-sockets
		c := dialAddr(t, s.Addrs()[1])
		<-conns
		begin()
		c.Close()
		wait()
		n := s.Stats()
		for range 1 + n.Accepted { // the socket, and each connection
			if got := <-reports; got != "server: handler panicked" {
				t.Errorf("report %q", got)
			}
		}
		if n.Conns != 0 || len(reports) > 0 {
			t.Errorf("%d reports more, %+v", len(reports), n)
		}
	})
}

// TestPanicOfOpenPackets: it is reported, and the socket receives.
func TestPanicOfOpenPackets(t *testing.T) {
	reports := make(chan string, 10)
	h := &opener{
		open:   func(*server.PacketConn) { panic("as asked") },
		packet: func(c *server.PacketConn, p []byte, from netip.AddrPort) { uvtest.Expect(t, c.WriteTo(p, from)) },
	}
	log := slog.New(&journal{note: func(r slog.Record) { reports <- r.Message }})
	r := run(t, &server.Server{PacketHandler: h, Loops: 1, Logger: log}, "udp://127.0.0.1:0")
	query(t, r.dial(), "hello")
	if got := <-reports; got != "server: handler panicked" {
		t.Errorf("report %q", got)
	}
}

// TestClosePacketsAwaitsBlockedCallbacks: ClosePackets comes behind the socket's callbacks, also
// those that block. Nothing is logged.
func TestClosePacketsAwaitsBlockedCallbacks(t *testing.T) {
	for _, place := range []string{"OpenPackets", "Packet"} {
		t.Run(place, func(t *testing.T) {
			inside, release := make(chan struct{}, 1), make(chan struct{})
			order := make(chan string, 4)
			block := func(c *server.PacketConn) {
				order <- place
				uvtest.Expect(t, c.Loop().Block(func() { inside <- struct{}{}; <-release }))
				order <- place + " ends"
			}
			eachEnd(t, func() *server.Server {
				h := &opener{close: func(c *server.PacketConn) { order <- "ClosePackets" }}
				if place == "OpenPackets" {
					h.open = block
				} else {
					h.packet = func(c *server.PacketConn, _ []byte, _ netip.AddrPort) { block(c) }
				}
				return &server.Server{
					Loops: 1, PacketHandler: h, Handler: &handler{},
					Logger: slog.New(&journal{note: func(r slog.Record) { t.Errorf("log: %s", r.Message) }}),
				}
			}, func(t *testing.T, s *server.Server, begin, wait func()) {
				if place == "Packet" {
					send(t, dialAddr(t, s.Addrs()[0]), []byte("x"))
				}
				<-inside
				begin()
				release <- struct{}{}
				wait()
				for _, want := range []string{place, place + " ends", "ClosePackets"} {
					if got := <-order; got != want {
						t.Errorf("%q, want %q", got, want)
					}
				}
			})
		})
	}
}
