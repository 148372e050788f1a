package uvloop

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvnet"
)

// onUvnet makes a test of a Net on two loops of its own, which must end.
func onUvnet(test func(t *testing.T, n *uvnet.Net)) func(*testing.T) {
	return func(t *testing.T) {
		uvtest.Watchdog(t, 2*time.Minute)
		g, err := uvgo.NewGroup(2, uvgo.WithParking(uvgo.ParkGoroutine))
		uvtest.Check(t, err)
		ran := make(chan error, 1)
		go func() { ran <- g.Run(context.Background()) }()
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			uvtest.Check(t, g.Shutdown(ctx))
			uvtest.Check(t, <-ran)
		})
		test(t, uvnet.New(g))
	}
}

// pairOn returns both ends of a TCP connection, which are closed with the test.
func pairOn(t testing.TB, n *uvnet.Net) (server, client net.Conn) {
	t.Helper()
	ln, err := n.Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	defer ln.Close()
	client, err = n.Dial("tcp", ln.Addr().String()) // the backlog takes it
	uvtest.Check(t, err)
	t.Cleanup(func() { client.Close() })
	server, err = ln.Accept()
	uvtest.Check(t, err)
	t.Cleanup(func() { server.Close() })
	return server, client
}

// identity makes a certificate for localhost that is valid until then, and the
// pool that trusts it.
func identity(t testing.TB, until time.Time) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key := uvtest.Must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true,
	}
	der := uvtest.Must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))
	pool := x509.NewCertPool()
	pool.AddCert(uvtest.Must(x509.ParseCertificate(der)))
	cert := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return &tls.Config{Certificates: []tls.Certificate{cert}}, pool
}

// tlsPair puts TLS on both ends of a connection; the handshake is to come.
func tlsPair(t testing.TB, server, client net.Conn) (s, c *tls.Conn) {
	t.Helper()
	config, pool := identity(t, time.Now().Add(time.Hour))
	return tls.Server(server, config), tls.Client(client, &tls.Config{RootCAs: pool, ServerName: "localhost"})
}

// inBackground runs f in a goroutine; the result is what it returned.
func inBackground[T any](f func() T) <-chan T {
	done := make(chan T, 1)
	go func() { done <- f() }()
	return done
}
