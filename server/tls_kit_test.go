package server_test

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

const anyTLS = "tls://127.0.0.1:0"

// A secure is a running server with TLS.
type secure struct {
	*running
	ca     *uvtest.Authority
	client *tls.Config // of its clients
}

// runTLS serves with TLS on the addresses, by default one port.
func runTLS(t testing.TB, s *server.Server, addrs ...string) *secure {
	t.Helper()
	ca := uvtest.NewAuthority(t)
	if s.TLSConfig == nil {
		s.TLSConfig = &tls.Config{}
	}
	s.TLSConfig.Certificates = []tls.Certificate{ca.Issue(t, "localhost")}
	if s.TLSConfig.ClientAuth != tls.NoClientCert {
		s.TLSConfig.ClientCAs = ca.Pool
	}
	if len(addrs) == 0 {
		addrs = []string{anyTLS}
	}
	return &secure{run(t, s, addrs...), ca, ca.ClientConfig()}
}

// dial connects. The handshake comes with the first Read or Write. The connection is closed
// when the test ends.
func (s *secure) dial() *tls.Conn {
	s.t.Helper()
	return s.over(s.running.dial(), s.client)
}

// over makes a client of a connection.
func (s *secure) over(c net.Conn, config *tls.Config) *tls.Conn {
	client := tls.Client(c, config)
	s.t.Cleanup(func() { client.Close() }) // before the connection is closed below it, which would be a truncation
	return client
}

// open connects, and returns the client's and the server's end once the handshake is done.
func (s *secure) open(h *probe) (*tls.Conn, *server.Conn) {
	s.t.Helper()
	c := s.dial()
	uvtest.Check(s.t, c.Handshake())
	return c, <-h.opened
}

// lenient is a Logger for tests whose connections fail.
func lenient() *slog.Logger { return slog.New(slog.DiscardHandler) }

// hello returns the first record of a client.
func hello(t testing.TB, config *tls.Config) []byte {
	t.Helper()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	go func() {
		c := tls.Client(a, config)
		_ = c.Handshake() // fails when the pipe is closed
	}()
	p := make([]byte, 64<<10)
	uvtest.Check(t, b.SetDeadline(time.Now().Add(maxWait)))
	n := uvtest.Must(b.Read(p))
	return p[:n]
}

// eachTLS runs a test with each version of TLS.
func eachTLS(t *testing.T, test func(t *testing.T, version uint16)) {
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(v), func(t *testing.T) { test(t, v) })
	}
}

// commonName is the name in the peer's certificate.
func commonName(certs []*x509.Certificate) string {
	if len(certs) == 0 {
		return ""
	}
	return certs[0].Subject.CommonName
}
