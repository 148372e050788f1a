package looptls

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// Garbage at every state of the handshake ends it with an error, and the peer gets an alert
// where crypto/tls sends one.
func TestGarbageInTheHandshake(t *testing.T) {
	ca := uvtest.NewAuthority(t)
	server, hello := ca.ServerConfig(t), clientHello(t, ca.ClientConfig())
	broken := append([]byte(nil), hello...)
	for i := headerLen + 4; i < len(broken); i++ {
		broken[i] = 0xff
	}
	for name, p := range map[string][]byte{
		"HTTP":                       []byte("GET / HTTP/1.1\r\n\r\n"),
		"SSLv2":                      {0x80, 0x2e, 1, 0, 2, 0, 0},
		"an alert":                   {21, 3, 3, 0, 2, 2, 40},
		"a broken hello":             broken,
		"a second hello":             append(append([]byte(nil), hello...), hello...),
		"garbage behind the hello":   append(append([]byte(nil), hello...), "GET / HTTP/1.1\r\n\r\n"...),
		"a short record behind it":   append(append([]byte(nil), hello...), 23, 3, 3, 0, 1, 7),
		"application data behind it": append(append([]byte(nil), hello...), append([]byte{23, 3, 3, 0, 40}, make([]byte, 40)...)...),
	} {
		for _, piece := range []int{1, 64 << 10} {
			t.Run(fmt.Sprint(name, " by ", piece), func(t *testing.T) {
				l, nc := echo(t, server, piece)
				nc.Write(p)
				if err := l.end(); err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("the handshake ended with %v, want a protocol error", err)
				}
			})
		}
	}
}

// A peer that talks HTTP can be told apart, as with crypto/tls on package net.
func TestRefusedHandshakeKeepsCryptoTLSsError(t *testing.T) {
	l, nc := echo(t, uvtest.NewAuthority(t).ServerConfig(t), 1000)
	nc.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
	var header tls.RecordHeaderError
	if err := l.end(); !errors.As(err, &header) || string(header.RecordHeader[:]) != "GET /" {
		t.Errorf("ended with %v, want a RecordHeaderError", err)
	}
}

func TestFailureOfTheHandshakeReachesThePeer(t *testing.T) {
	eachVersion(t, func(t *testing.T, server, client *tls.Config) {
		server.NextProtos, client.NextProtos = []string{"a"}, []string{"b"}
		l, nc := echo(t, server, 1000)
		err := tls.Client(nc, client).Handshake()
		if !isAlert(err) {
			t.Errorf("the client got %v, want an alert", err)
		}
		if err := l.end(); err == nil || !strings.Contains(err.Error(), "application protocol") {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestMutualTLS(t *testing.T) {
	eachVersion(t, func(t *testing.T, server, client *tls.Config) {
		ca, other := uvtest.NewAuthority(t), uvtest.NewAuthority(t)
		server.ClientAuth, server.ClientCAs = tls.RequireAndVerifyClientCert, ca.Pool
		client.InsecureSkipVerify = true
		for _, test := range []struct {
			certs []tls.Certificate
			ok    bool
		}{{nil, false}, {[]tls.Certificate{other.Issue(t, "x")}, false}, {[]tls.Certificate{ca.Issue(t, "me")}, true}} {
			l, nc := echo(t, server, 100)
			config := client.Clone()
			config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				if test.certs == nil {
					return new(tls.Certificate), nil
				}
				return &test.certs[0], nil
			}
			c := tls.Client(nc, config)
			if test.ok {
				roundTrip(t, c, []byte("hello"))
				c.Close()
				if err := l.end(); err != io.EOF {
					t.Errorf("ended with %v", err)
				}
				if name := l.conn.State().PeerCertificates[0].Subject.CommonName; name != "me" {
					t.Errorf("the client is %q", name)
				}
				continue
			}
			_, err := c.Read(make([]byte, 1)) // with TLS 1.3 the client's handshake is done before
			if !isAlert(err) {
				t.Errorf("the client got %v, want an alert", err)
			}
			if l.end() == nil {
				t.Error("the handshake worked")
			}
		}
	})
}

func TestSessionsAreResumed(t *testing.T) {
	eachVersion(t, func(t *testing.T, server, client *tls.Config) {
		client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		for i := range 3 {
			l, nc := echo(t, server, 100)
			c := tls.Client(nc, client)
			roundTrip(t, c, []byte("hello"))
			c.Close()
			l.end()
			if l.conn.State().DidResume != (i > 0) {
				t.Errorf("connection %d: resumed is %v", i, i == 0)
			}
		}
	})
}

// A panic in a callback of tls.Config must not end the process, nor hold a slot.
func TestPanicInACallback(t *testing.T) {
	withPool(t, 1, 1)
	ca := uvtest.NewAuthority(t)
	for name, fn := range map[string]func(){"panic": func() { panic("no certificate today") }, "Goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			server := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
				fn()
				return nil, nil
			}}
			l, nc := echo(t, server, 1000)
			nc.Write(clientHello(t, ca.ClientConfig()))
			err := l.end()
			var p *uv.PanicError
			if name == "panic" && (!errors.As(err, &p) || p.Value != "no certificate today") || err == nil {
				t.Errorf("ended with %v", err)
			}
			if n := l.panics.Load(); (n == 1) != (name == "panic") {
				t.Errorf("%d panics are reported", n)
			}
		})
	}
	_, nc := echo(t, ca.ServerConfig(t), 1000)
	roundTrip(t, tls.Client(nc, ca.ClientConfig()), []byte("works on"))
}

// The loop goes on while a callback waits, and the end of the connection ends the callback's
// context.
func TestCallbackThatWaits(t *testing.T) {
	ca := uvtest.NewAuthority(t)
	called, ended := make(chan struct{}), make(chan struct{})
	server := ca.ServerConfig(t)
	server.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if hello.Conn.RemoteAddr().String() == "" || hello.Conn.LocalAddr().String() == "" {
			t.Error("no addresses")
		}
		close(called)
		<-hello.Context().Done()
		close(ended)
		return nil, hello.Context().Err()
	}
	a, b := pair(t)
	l := newLoop(t, a)
	l.serve(server)
	b.Write(clientHello(t, ca.ClientConfig()))
	<-called
	close(l.quit)
	<-ended
}
