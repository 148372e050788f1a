package main

import (
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
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

// serveTLS returns the server's side of crypto/tls with a certificate of its own.
func serveTLS(t *testing.T) func(net.Conn) net.Conn {
	t.Helper()
	cfg := uvtest.Must(harness.OwnCertificate())
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
	return runHTTP(t, kind, "", 1, addr)
}

// runHTTP is runLoad for HTTP.
func runHTTP(t *testing.T, kind, work string, depth int, addr netip.AddrPort) (r result, err error) {
	t.Helper()
	o := options{conns: 3, warmup: time.Millisecond, duration: 50 * time.Millisecond, work: work, depth: depth}
	l, err := open(uvtest.Must(makers(kind, o, addr)), addr, o)
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
		"tls": serve(t, serveTLS(t), same), "lines": serve(t, plain, lastLine), "each-line": serve(t, plain, same),
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
		{"tls", serve(t, serveTLS(t), changed)}, {"tls", serve(t, serveTLS(t), double)},
		{"each-line", serve(t, plain, changed)}, {"each-line", serve(t, plain, double)},
		{"lines", serve(t, plain, func(p []byte) []byte { return changed(lastLine(p)) })},
		{"lines", serve(t, plain, func(p []byte) []byte { return double(lastLine(p)) })},
	} {
		if _, err := runLoad(t, tt.kind, tt.addr); err == nil || !strings.Contains(err.Error(), "behind") {
			t.Errorf("%s: %v", tt.kind, err)
		}
	}
}
