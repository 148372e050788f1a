package server_test

import (
	"crypto/tls"
	"errors"
	"io"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// TestHandshakeFailed: a client that speaks no TLS gets what the function returns, and another failure the alert.
func TestHandshakeFailed(t *testing.T) {
	failed := make(chan error, 1)
	s := runTLS(t, &server.Server{Handler: echo(t), Loops: 1, Logger: lenient(), HandshakeFailed: func(c *server.Conn, err error) []byte {
		if c.RemoteAddr() == nil {
			t.Error("it has no address")
		}
		failed <- err
		if errors.As(err, new(tls.RecordHeaderError)) {
			return []byte("speak TLS\n")
		}
		return nil
	}})
	c := s.running.dial()
	uvtest.Must(io.WriteString(c, "hello, world"))
	p, err := io.ReadAll(c)
	if string(p) != "speak TLS\n" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
	if err := <-failed; !errors.As(err, new(tls.RecordHeaderError)) {
		t.Errorf("failed with %v", err)
	}
	config := s.client.Clone()
	config.MaxVersion = tls.VersionTLS11
	config.MinVersion = tls.VersionTLS10
	client := s.over(s.running.dial(), config)
	var alert tls.AlertError
	if err := client.Handshake(); !errors.As(err, &alert) && (err == nil || err.Error() != "remote error: tls: protocol version not supported") {
		t.Errorf("the client's handshake: %v", err)
	}
	if err := <-failed; errors.As(err, new(tls.RecordHeaderError)) {
		t.Errorf("failed with %v", err)
	}
	good := s.dial()
	roundTrip(t, good, "hello")
}
