package server_test

import (
	"context"
	"net"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// TestListenersClosed: the channel is closed when all sockets are, although a connection goes on.
func TestListenersClosed(t *testing.T) {
	for _, loops := range []int{1, 3} {
		h := newProbe(t)
		h.onOpen = func(c *server.Conn) { c.Hold() }
		s := run(t, &server.Server{Handler: h, Loops: loops}, anyTCP, "unix://"+uvtest.SocketPath(t))
		select {
		case <-s.ListenersClosed():
			t.Error("closed before Shutdown")
		default:
		}
		addr := s.Addrs()[0].String()
		c, err := net.Dial("tcp", addr)
		uvtest.Check(t, err)
		held := <-h.opened
		ended := make(chan error, 1)
		go func() { ended <- s.Shutdown(context.Background()) }()
		<-s.ListenersClosed()
		ln, err := net.Listen("tcp", addr)
		uvtest.Check(t, err)
		ln.Close()
		select {
		case err := <-ended:
			t.Errorf("Shutdown has not waited: %v", err)
		default:
		}
		held.Release()
		c.Close()
		uvtest.Check(t, <-ended)
	}
	if new(server.Server).ListenersClosed() != nil {
		t.Error("a server that never listened has a channel")
	}
}
