package server_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// A client made by DialTLS, from a callback of a plain connection.
type tlsDialer struct {
	*probe
	addr   string
	config *tls.Config
	up     *fullProbe
}

func (d *tlsDialer) Data(c *server.Conn, p []byte) {
	up, err := c.DialTLS("tcp", d.addr, d.config, d.up)
	if err != nil {
		d.t.Errorf("DialTLS: %v", err)
		return
	}
	if _, err := up.Write(p); !errors.Is(err, uv.ENOTCONN) {
		d.t.Errorf("Write before Open: %v", err)
	}
}

// dialTLS makes a server, a client of it by DialTLS, and returns the client's handler.
func dialTLS(t *testing.T, addr string, config *tls.Config, up *fullProbe) {
	t.Helper()
	up.onDrain, up.onEOF = func(*server.Conn) {}, func(c *server.Conn) { c.Close() }
	r := run(t, &server.Server{Handler: &tlsDialer{newProbe(t), addr, config, up}, Loops: 1, Logger: lenient()})
	send(t, r.dial(), []byte("go"))
}

func TestDialTLS(t *testing.T) {
	eachTLS(t, func(t *testing.T, version uint16) {
		s := runTLS(t, &server.Server{Handler: echo(t), Loops: 1})
		up := &fullProbe{probe: newProbe(t)}
		all, got := pattern(300<<10), 0
		up.onOpen = func(c *server.Conn) {
			if c.TLS().Version != version {
				t.Errorf("version %v", c.TLS().Version)
			}
			c.Write(all)
		}
		up.onData = func(c *server.Conn, p []byte) {
			if got += len(p); got == len(all) {
				uvtest.Expect(t, c.Close())
			}
		}
		config := &tls.Config{RootCAs: s.ca.Pool, MinVersion: version, MaxVersion: version} // the name is that of addr
		dialTLS(t, s.Addrs()[0].String(), config, up)
		if end := <-up.closed; end.err != nil || got != len(all) {
			t.Errorf("closed with %v after %d bytes", end.err, got)
		}
	})
}

// failures is a handler whose connection must not open.
type failures struct {
	t      *testing.T
	closed chan error
}

func (f failures) Open(*server.Conn)               { f.t.Error("opened") }
func (f failures) Data(*server.Conn, []byte)       { f.t.Error("got data") }
func (f failures) Close(_ *server.Conn, err error) { f.closed <- err }

func TestDialTLSFails(t *testing.T) {
	trusted := runTLS(t, &server.Server{Handler: echo(t), Loops: 1, Logger: lenient()})
	silent := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	defer silent.Close()
	plain := run(t, &server.Server{Handler: echo(t), Loops: 1})
	for name, test := range map[string]struct {
		addr    net.Addr
		timeout time.Duration
		is      func(error) bool
	}{
		"not trusted": {trusted.Addrs()[0], maxWait, func(err error) bool {
			var unknown x509.UnknownAuthorityError
			return errors.As(err, &unknown)
		}},
		"silent": {silent.Addr(), 300 * time.Millisecond, func(err error) bool { return errors.Is(err, server.ErrHandshakeTimeout) }},
		"no TLS": {plain.Addrs()[0], maxWait, func(err error) bool { return err != nil }},
	} {
		t.Run(name, func(t *testing.T) {
			f := failures{t, make(chan error, 1)}
			h := newProbe(t)
			h.onData = func(c *server.Conn, _ []byte) {
				uvtest.Must(c.DialTLS("tcp", test.addr.String(), nil, f))
			}
			r := run(t, &server.Server{Handler: h, Loops: 1, Logger: lenient(), HandshakeTimeout: test.timeout})
			send(t, r.dial(), []byte("go"))
			if err := <-f.closed; !test.is(err) {
				t.Errorf("closed with %v", err)
			}
		})
	}
}
