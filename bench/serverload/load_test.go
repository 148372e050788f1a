package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestMain(m *testing.M) { uvtest.Main(m) }

// serve runs a server that hands what comes in, chunk by chunk, to answer, and sends what
// answer returns.
func serve(t *testing.T, wrap func(net.Conn) net.Conn, answer func(p []byte) []byte) netip.AddrPort {
	t.Helper()
	ln := uvtest.Must(net.Listen("tcp4", "127.0.0.1:0"))
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				c := wrap(c)
				defer c.Close()
				buf := make([]byte, 16<<10)
				for {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					if _, err := c.Write(answer(buf[:n])); err != nil {
						return
					}
				}
			}()
		}
	}()
	return ln.Addr().(*net.TCPAddr).AddrPort()
}

// overTLS returns the server's side of crypto/tls with a certificate of its own.
func overTLS(t *testing.T) func(net.Conn) net.Conn {
	t.Helper()
	key := uvtest.Must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der := uvtest.Must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))
	cfg := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	return func(c net.Conn) net.Conn { return tls.Server(c, cfg) }
}

func plain(c net.Conn) net.Conn { return c }

func same(p []byte) []byte { return p }

// changed returns p with its last byte changed.
func changed(p []byte) []byte {
	p[len(p)-1] ^= 1
	return p
}

// lastLine answers whole writes by their last line.
func lastLine(p []byte) []byte { return p[len(p)-lineSize:] }

// runLoad runs both kinds of load, and returns the closed loop's result.
func runLoad(t *testing.T, kind string, addr netip.AddrPort) (r result, err error) {
	t.Helper()
	l, err := open(kinds[kind], addr, options{conns: 3, warmup: time.Millisecond, duration: 50 * time.Millisecond})
	uvtest.Check(t, err)
	defer l.close()
	if err := l.once(); err != nil {
		return r, err
	}
	return l.measure()
}

func TestLoadCompletesExchanges(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	for kind, addr := range map[string]netip.AddrPort{
		"tls": serve(t, overTLS(t), same), "lines": serve(t, plain, lastLine), "each-line": serve(t, plain, same),
	} {
		r, err := runLoad(t, kind, addr)
		if err != nil || r.Ops < 3 || r.P99 <= 0 || r.ClientCPU <= 0 {
			t.Errorf("%s: %+v, %v", kind, r, err)
		}
	}
}

// TestLoadNoticesWrongReplies: a reply with one wrong byte, and one that is too long.
func TestLoadNoticesWrongReplies(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	double := func(p []byte) []byte { return append(p, p...) }
	for _, tt := range []struct {
		kind string
		addr netip.AddrPort
	}{
		{"tls", serve(t, overTLS(t), changed)}, {"tls", serve(t, overTLS(t), double)},
		{"each-line", serve(t, plain, changed)}, {"each-line", serve(t, plain, double)},
		{"lines", serve(t, plain, func(p []byte) []byte { return changed(lastLine(p)) })},
		{"lines", serve(t, plain, func(p []byte) []byte { return double(lastLine(p)) })},
	} {
		if _, err := runLoad(t, tt.kind, tt.addr); err == nil || !strings.Contains(err.Error(), "behind") {
			t.Errorf("%s: %v", tt.kind, err)
		}
	}
}
