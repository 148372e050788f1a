package server_test

import (
	"context"
	"crypto/tls"
	"net"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// A flooder writes size bytes to each connection, and pauses it.
type flooder struct{ size int }

func (f flooder) Open(c *server.Conn) {
	c.Pause()
	_, _ = c.Write(make([]byte, f.size))
}
func (flooder) Data(*server.Conn, []byte) {}
func (flooder) Close(*server.Conn, error) {}

// serveHere serves until the test ends, and returns the address.
func serveHere(t *testing.T, s *server.Server, at string) string {
	t.Helper()
	uvtest.Check(t, s.Listen(at))
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { ended <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		uvtest.IsErr(t, "Serve", <-ended, context.Canceled)
	})
	return s.Addrs()[0].String()
}

// TestStatsTellOfSlowPeers: what is paused, full and unsent counts while it is so, and not behind the end.
func TestStatsTellOfSlowPeers(t *testing.T) {
	const size = 32 << 20
	s := &server.Server{Handler: flooder{size}, Loops: 1}
	addr := serveHere(t, s, "tcp://127.0.0.1:0")
	var conns []net.Conn
	for range 3 {
		conns = append(conns, uvtest.Must(net.Dial("tcp", addr)))
	}
	uvtest.Eventually(t, "the peers are slow", func() bool {
		n := s.Stats()
		return n.Paused == 3 && n.Full == 3 && n.Unsent > size && n.Unsent <= 3*size
	})
	for _, c := range conns {
		uvtest.Check(t, c.(*net.TCPConn).SetLinger(0)) // a reset
		uvtest.Check(t, c.Close())
	}
	uvtest.Eventually(t, "the peers are gone", func() bool {
		n := s.Stats()
		return n.Conns == 0 && n.Paused == 0 && n.Full == 0 && n.Unsent == 0 && n.Closed.Reset == 3
	})
}

func TestStatsCountHandshakes(t *testing.T) {
	ca := uvtest.NewAuthority(t)
	s := &server.Server{Handler: flooder{1}, Loops: 1, TLSConfig: ca.ServerConfig(t)}
	addr := serveHere(t, s, "tls://127.0.0.1:0")
	config := ca.ClientConfig()
	config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	for range 3 {
		c := uvtest.Must(tls.Dial("tcp", addr, config))
		uvtest.Must(c.Read(make([]byte, 1))) // behind the session ticket
		uvtest.Check(t, c.Close())
	}
	if _, err := tls.Dial("tcp", addr, &tls.Config{}); err == nil {
		t.Error("a client that does not know the authority connects")
	}
	uvtest.Eventually(t, "the handshakes count", func() bool {
		n := s.Stats()
		return n.Handshakes == 3 && n.HandshakesResumed == 2 && n.HandshakesFailed == 1
	})
}
