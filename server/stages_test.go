package server_test

import (
	"context"
	"net"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// TestStopListening: nobody listens any more, and connections go on until Shutdown.
func TestStopListening(t *testing.T) {
	for _, loops := range []int{1, 3} {
		s := run(t, &server.Server{Handler: echo(t), Loops: loops}, anyTCP, "unix://"+uvtest.SocketPath(t))
		var conns []net.Conn
		for _, at := range s.Addrs() {
			c := s.dialAddr(at)
			roundTrip(t, c, "hello")
			conns = append(conns, c)
		}
		for range 2 {
			s.StopListening()
			<-s.ListenersClosed()
		}
		for i, at := range s.Addrs() {
			if c, err := net.Dial(at.Network(), at.String()); err == nil {
				c.Close()
				t.Errorf("somebody listens at %v", at)
			}
			roundTrip(t, conns[i], "again")
			conns[i].Close()
		}
		uvtest.Check(t, s.Shutdown(context.Background()))
		<-s.ConnsClosed()
		s.StopListening() // does nothing
	}
	var none *server.Server
	none.StopListening()
	new(server.Server).StopListening()
	if none.ConnsClosed() != nil || new(server.Server).ConnsClosed() != nil {
		t.Error("a server that never listened has a channel")
	}
}

// TestConnsClosed: the channel is closed also by a server that never served, and by one whose context ends.
func TestConnsClosed(t *testing.T) {
	s := &server.Server{Handler: echo(t), Loops: 2}
	uvtest.Check(t, s.Listen(anyTCP))
	uvtest.Check(t, s.Shutdown(context.Background()))
	<-s.ConnsClosed()

	s = &server.Server{Handler: echo(t), Loops: 2}
	uvtest.Check(t, s.Listen(anyTCP))
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	c := uvtest.Must(net.Dial("tcp", s.Addrs()[0].String()))
	defer c.Close()
	roundTrip(t, c, "hello")
	cancel()
	<-s.ConnsClosed()
	uvtest.IsErr(t, "Serve", <-served, context.Canceled)
}
