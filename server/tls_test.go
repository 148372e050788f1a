package server_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"path/filepath"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

func TestTLSEcho(t *testing.T) {
	eachTLS(t, func(t *testing.T, version uint16) {
		h := echo(t)
		s := runTLS(t, &server.Server{Handler: h, Loops: 2, TLSConfig: &tls.Config{NextProtos: []string{"chat", "echo"}}}, anyTLS, anyTCP)
		s.client.MinVersion, s.client.MaxVersion, s.client.NextProtos = version, version, []string{"echo"}
		for range 8 {
			client, c := s.open(h)
			roundTrip(t, client, "hello")
			on(t, c, func() {
				state := c.TLS()
				if state == nil || state.Version != version || state.NegotiatedProtocol != "echo" || !state.HandshakeComplete {
					t.Errorf("TLS() is %+v", state)
				}
			})
			uvtest.Check(t, client.Close())
			if end := <-h.closed; end.err == nil || end.err.Error() != "EOF" {
				t.Errorf("closed with %v, want EOF", end.err)
			}
		}
		plain := s.dialAddr(s.Addrs()[1])
		roundTrip(t, plain, "hello")
		c := <-h.opened
		on(t, c, func() {
			if c.TLS() != nil {
				t.Error("a plain connection has a TLS state")
			}
		})
		if st := s.Stats(); st.BytesIn != st.BytesOut || st.BytesIn != 9*5 {
			t.Errorf("%d bytes in, %d out, want the plaintext's %d", st.BytesIn, st.BytesOut, 9*5)
		}
	})
}

func TestTLSOnAUnixSocket(t *testing.T) {
	h := echo(t)
	s := runTLS(t, &server.Server{Handler: h, Loops: 2}, "tls+unix://"+filepath.Join(t.TempDir(), "s"))
	for range 4 {
		client, _ := s.open(h)
		roundTrip(t, client, "hello")
	}
}

func TestTLSNeedsAConfiguration(t *testing.T) {
	cert := uvtest.NewAuthority(t).Issue(t, "localhost")
	for _, test := range []struct {
		config *tls.Config
		addr   string
		ok     bool
	}{
		{nil, anyTLS, false},
		{nil, "tls+fd://99", false},
		{&tls.Config{}, anyTLS, false},
		{&tls.Config{Certificates: []tls.Certificate{cert}}, "tls+udp://127.0.0.1:0", false},
		{&tls.Config{Certificates: []tls.Certificate{cert}}, anyTLS, true},
		{&tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &cert, nil }}, anyTLS, true},
	} {
		s := &server.Server{Handler: echo(t), TLSConfig: test.config, Loops: 1}
		err := s.Listen(test.addr)
		if (err == nil) != test.ok || err != nil && !errors.Is(err, uv.EINVAL) {
			t.Errorf("%s with %v: %v", test.addr, test.config, err)
		}
		uvtest.Check(t, s.Shutdown(context.Background()))
	}
}

func TestClientCertificateIsDemanded(t *testing.T) {
	eachTLS(t, func(t *testing.T, version uint16) {
		h := echo(t)
		s := runTLS(t, &server.Server{Handler: h, Loops: 1, Logger: lenient(), TLSConfig: &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert}})
		s.client.MinVersion, s.client.MaxVersion = version, version
		client := s.dial()
		if _, err := client.Read(make([]byte, 1)); !isAlert(err) {
			t.Errorf("without a certificate the client got %v, want an alert", err)
		}
		client.Close()
		uvtest.Eventually(t, "the failure is counted", func() bool { return s.Stats().Closed.TLS == 1 })

		s.client.Certificates = []tls.Certificate{s.ca.Issue(t, "me")}
		client, c := s.open(h)
		roundTrip(t, client, "hello")
		on(t, c, func() {
			if name := commonName(c.TLS().PeerCertificates); name != "me" {
				t.Errorf("the client is %q", name)
			}
		})
		if n := len(h.opened); n != 0 {
			t.Errorf("Open was called for %d refused connections", n)
		}
	})
}

// isAlert tells whether an error is an alert that the peer has sent.
func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

// A session is resumed at whichever loop the client comes to.
func TestTLSSessionsAreResumedAtAllLoops(t *testing.T) {
	eachTLS(t, func(t *testing.T, version uint16) {
		h := echo(t)
		s := runTLS(t, &server.Server{Handler: h, Loops: 3})
		s.client.MinVersion, s.client.MaxVersion = version, version
		s.client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		for i := range 12 {
			client, _ := s.open(h)
			roundTrip(t, client, "hello")
			if client.ConnectionState().DidResume != (i > 0) {
				t.Errorf("connection %d: resumed is %v", i, i == 0)
			}
			client.Close()
		}
	})
}

// Callbacks of the configuration may wait, and know the addresses; the loop goes on.
func TestCallbacksOfTLSConfigMayBlock(t *testing.T) {
	h := echo(t)
	waits, release := make(chan net.Conn, 1), make(chan struct{})
	config := &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if hello.ServerName == "slow.test" {
			waits <- hello.Conn
			<-release
		}
		return nil, nil
	}}
	s := runTLS(t, &server.Server{Handler: h, Loops: 1, TLSConfig: config})
	raw := s.running.dial()
	slow := s.client.Clone()
	slow.ServerName, slow.InsecureSkipVerify = "slow.test", true
	shaken := make(chan error, 1)
	slowClient := s.over(raw, slow)
	go func() { shaken <- slowClient.Handshake() }()
	if c := <-waits; c.RemoteAddr().String() != raw.LocalAddr().String() || c.LocalAddr().String() != raw.RemoteAddr().String() {
		t.Errorf("the callback sees %v and %v", c.LocalAddr(), c.RemoteAddr())
	}
	client, _ := s.open(h)
	roundTrip(t, client, "the loop goes on")
	close(release)
	uvtest.Check(t, <-shaken)
}
