package server_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// TestNoReset: a client gets what the kernel had taken when its connection was closed at once, though it reads only then. With
// TLS it is told that this is not all.
func TestNoReset(t *testing.T) {
	ways := map[string]func(c *server.Conn){
		"Abort":        func(c *server.Conn) { c.Abort() },
		"CloseTimeout": func(c *server.Conn) { c.Close() },
		"WriteTimeout": func(c *server.Conn) { uvtest.Expect(t, c.SetWriteTimeout(20*time.Millisecond)) },
	}
	for name, end := range ways {
		for _, addr := range []string{anyTCP, anyTLS} {
			t.Run(name+" "+addr[:3], func(t *testing.T) {
				written := make(chan []byte, 1)
				h := newProbe(t)
				h.onData = func(c *server.Conn, _ []byte) {
					all := flood(t, c, 4<<20)
					end(c)
					written <- all
				}
				s := &server.Server{Handler: h, Loops: 1, NoReset: true, CloseTimeout: 20 * time.Millisecond, HighWater: 32 << 20, Logger: slog.New(slog.DiscardHandler)}
				client := dialEither(t, s, addr)
				send(t, client, []byte("x"))
				want := <-written
				<-h.closed
				got, err := io.ReadAll(client)
				if len(got) == 0 || len(got) == len(want) || !bytes.HasPrefix(want, got) {
					t.Errorf("%d bytes came of %d; right: %t", len(got), len(want), bytes.HasPrefix(want, got))
				}
				if wantErr := map[string]error{anyTLS: io.ErrUnexpectedEOF}[addr]; err != wantErr {
					t.Errorf("then %v, want %v", err, wantErr)
				}
			})
		}
	}
}

// TestNoResetOfWhatIsWhole: all was sent, so TLS says so.
func TestNoResetOfWhatIsWhole(t *testing.T) {
	for _, addr := range []string{anyTCP, anyTLS} {
		h := newProbe(t)
		h.onData = func(c *server.Conn, p []byte) {
			c.Write(p)
			c.Abort()
		}
		client := dialEither(t, &server.Server{Handler: h, Loops: 1, NoReset: true}, addr)
		send(t, client, []byte("hello"))
		<-h.closed
		if got, err := io.ReadAll(client); string(got) != "hello" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// dialEither runs a server, with TLS if the address has it, and connects to it.
func dialEither(t *testing.T, s *server.Server, addr string) net.Conn {
	t.Helper()
	if addr == anyTCP {
		return run(t, s).dial()
	}
	s.TLSConfig = &tls.Config{}
	return runTLS(t, s, addr).dial()
}
