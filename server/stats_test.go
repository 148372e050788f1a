package server_test

import (
	"context"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

func TestStatsCount(t *testing.T) {
	eachLoops(t, func(t *testing.T, loops int) {
		h := echo(t)
		r := run(t, &server.Server{Handler: h, Loops: loops}, anyTCP, "unix://"+uvtest.SocketPath(t))
		if diff := cmp.Diff(server.Stats{}, onlyConns(r.Stats())); diff != "" {
			t.Errorf("before the first connection:\n%s", diff)
		}
		var conns []net.Conn
		for i := range 6 {
			c := r.dialAddr(r.Addrs()[i%2])
			conns = append(conns, c)
			for range 10 {
				roundTrip(t, c, "hello")
			}
		}
		want := server.Stats{Conns: 6, Accepted: 6, Messages: 60, BytesIn: 300, BytesOut: 300}
		if diff := cmp.Diff(want, onlyConns(r.Stats())); diff != "" {
			t.Errorf("with 6 connections (-want +got):\n%s", diff)
		}
		for _, c := range conns[:4] {
			c.Close()
			<-h.closed
		}
		want.Conns, want.Closed.ByPeer = 2, 4
		if diff := cmp.Diff(want, onlyConns(r.Stats())); diff != "" {
			t.Errorf("with 2 connections (-want +got):\n%s", diff)
		}
		if s := r.Stats(); s.Turns < 60 || s.Events < 66 {
			t.Errorf("60 messages one after another took %d turns, %d events", s.Turns, s.Events)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = r.Shutdown(ctx)
		want.Conns, want.Closed.Aborted = 0, 2
		s := r.Stats()
		if diff := cmp.Diff(want, onlyConns(s)); diff != "" {
			t.Errorf("afterwards (-want +got):\n%s", diff)
		}
		if s.Turns < 60 || s.Events < 66 {
			t.Errorf("afterwards it had %d turns and %d events", s.Turns, s.Events)
		}
	})
}

// onlyConns leaves out what depends on timing.
func onlyConns(s server.Stats) server.Stats {
	s.Turns, s.Events, s.Flushes = 0, 0, 0
	return s
}

// TestEchoAllocatesNothing: in its steady state an echo allocates nothing from socket to socket.
func TestEchoAllocatesNothing(t *testing.T) {
	h := &quietEcho{}
	r := run(t, &server.Server{Handler: h, Loops: 1})
	c := r.dial()
	msg, got := make([]byte, 1000), make([]byte, 1000)
	trip := func() {
		if _, err := c.Write(msg); err != nil {
			t.Error(err)
		}
		for n := 0; n < len(got); {
			m, err := c.Read(got[n:])
			if err != nil {
				t.Error(err)
				return
			}
			n += m
		}
	}
	for range 100 {
		trip()
	}
	if n := testing.AllocsPerRun(2000, trip); n != 0 {
		t.Errorf("%v allocations a message", n)
	}
	before := r.Stats()
	for range 100 {
		trip()
	}
	s := r.Stats()
	if turns, flushes := s.Turns-before.Turns, s.Flushes-before.Flushes; flushes != 0 || turns > 300 {
		t.Errorf("100 messages took %d turns and %d further crossings", turns, flushes)
	}
}

// quietEcho is an echo without a probe's checks, which allocate. It also pauses
// connections for a while.
type quietEcho struct{}

func (*quietEcho) Open(*server.Conn)         {}
func (*quietEcho) Close(*server.Conn, error) {}
func (*quietEcho) Data(c *server.Conn, p []byte) {
	c.Pause()
	_, _ = c.Write(p)
	c.Resume()
}
