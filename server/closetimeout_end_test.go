package server_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// TestEndTimeout: behind Close, a connection that has sent all does not wait for its peer's end for longer than EndTimeout, also when Shutdown
// closes it. What was sent arrives.
func TestEndTimeout(t *testing.T) {
	h := newProbe(t)
	h.onData = func(c *server.Conn, p []byte) {
		c.Write(p)
		if p[0] == 'x' {
			c.Close()
		}
	}
	s := run(t, &server.Server{Handler: h, Loops: 1, EndTimeout: 20 * time.Millisecond, CloseTimeout: time.Hour})
	addr := s.Addrs()[0].String()
	for _, p := range []string{"x", "y"} {
		c, err := net.Dial("tcp", addr)
		uvtest.Check(t, err)
		defer c.Close() // not before the server's end
		_, err = c.Write([]byte(p))
		uvtest.Check(t, err)
		got := make([]byte, 1)
		_, err = io.ReadFull(c, got)
		uvtest.Check(t, err)
		if string(got) != p {
			t.Errorf("%q, want %q", got, p)
		}
		if p == "y" {
			s.stop()
		}
		uvtest.Check(t, (<-h.closed).err)
	}
}
