package server_test

import (
	"context"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// TestStatsCountConnectionsThatCameTooLate: each connection that was accepted was closed when
// Serve has returned, also one that waited for a loop that has ended meanwhile.
func TestStatsCountConnectionsThatCameTooLate(t *testing.T) {
	uvtest.Watchdog(t, maxWait)
	const conns = 5 // in turn: the first, third and fifth on the loop that accepts
	opened := make(chan bool, conns)
	closed, release := make(chan bool, conns), make(chan struct{})
	var first *server.Conn
	h := &handler{open: func(c *server.Conn) {
		other := first != nil && c.Loop() != first.Loop()
		if first == nil {
			first = c
		}
		opened <- true
		if other {
			<-release
		}
	}, close: func(*server.Conn, error) { closed <- true }}
	s := &server.Server{Handler: h, Loops: 2}
	uvtest.Check(t, s.Listen("unix://"+uvtest.SocketPath(t)))
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	for range 2 {
		dialAddr(t, s.Addrs()[0])
		<-opened
	}
	for range conns - 2 { // the fourth waits for the other loop
		dialAddr(t, s.Addrs()[0])
	}
	<-opened
	<-opened
	cancel()
	for range conns - 2 {
		<-closed // the loop that accepts has ended, and the other one is asked to
	}
	close(release)
	uvtest.IsErr(t, "Serve", <-served, context.Canceled)
	if n := s.Stats(); n.Accepted != conns || n.Closed.Aborted != conns || n.Conns != 0 {
		t.Errorf("of %d connections: %+v", conns, n)
	}
}
