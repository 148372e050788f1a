package main

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// serveTLS is serveFunc with TLS. It returns a file with the certificate, too, which its own key
// has signed.
func serveTLS(t *testing.T, fn func(c net.Conn)) (addr, ca string) {
	t.Helper()
	cert := uvtest.Must(selfSigned("test"))
	ca = filepath.Join(t.TempDir(), "ca.pem")
	uvtest.Check(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o600))
	l := uvtest.Must(tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}}))
	serveOn(t, l, fn)
	return "tls://" + l.Addr().String(), ca
}

func TestLoadSpeaksTLS(t *testing.T) {
	addr, ca := serveTLS(t, altered(asIs))
	for _, flags := range []string{"--insecure", "--ca " + ca, "--ca " + ca + " --rate 500", "--insecure --size 100000 --loops 2"} {
		t.Run(flags, func(t *testing.T) {
			args := append([]string{"load", "--json", "--conns", "20", "--duration", "300ms", addr}, strings.Fields(flags)...)
			if r := decode(t, start(t, args...).wait(0)); r.Requests == 0 || r.Errors != 0 || r.Address != addr {
				t.Errorf("result %+v", r)
			}
		})
	}
}

func TestLoadSaysWhyThereIsNoTLS(t *testing.T) {
	addr, ca := serveTLS(t, altered(asIs))
	plain := serveFunc(t, altered(asIs))
	hangsUp := serveFunc(t, func(c net.Conn) { c.Close() })
	answers := serveFunc(t, func(c net.Conn) {
		io.ReadFull(c, make([]byte, 1))
		io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
	})
	silent := serveFunc(t, func(c net.Conn) { io.Copy(io.Discard, c) })
	other := filepath.Join(t.TempDir(), "other.pem")
	uvtest.Check(t, os.WriteFile(other, []byte("nothing"), 0o600))
	for _, tt := range []struct{ name, args, want string }{
		{"nobody trusts it", addr, "by --ca, or trust everybody by --insecure"},
		{"another name", strings.Replace(addr, "127.0.0.1", "127.0.0.2", 1) + " --ca " + ca, "cannot connect to tls://127.0.0.2"},
		{"no file", addr + " --ca " + ca + "x", "no such file"},
		{"no certificate", addr + " --ca " + other, "has no certificate in PEM"},
		{"an echo without TLS", strings.Replace(plain, "tcp", "tls", 1), ": no TLS there, write " + plain},
		{"another protocol", strings.Replace(answers, "tcp", "tls", 1), ": no TLS there, write " + answers},
		{"hangs up", strings.Replace(hangsUp, "tcp", "tls", 1), "cannot connect to tls://"},
		{"says nothing", strings.Replace(silent, "tcp", "tls", 1) + " --timeout 300ms", "(ETIMEDOUT): nobody answers"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := start(t, append([]string{"load", "--json", "--conns", "10"}, strings.Fields(tt.args)...)...)
			if out := l.wait(1); out != "" {
				t.Errorf("it printed %q", out)
			}
			holds(t, l.complaint(), tt.want)
		})
	}
}

func TestLoadFindsWhatATLSServerDoesWrong(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		fn         func(net.Conn)
	}{
		{"changes a byte", errChanged.Error(), altered(tenth(func(p []byte) []byte {
			p[len(p)/2] ^= 0x20
			return p
		}))},
		{"hangs up", errEnded.Error(), func(c net.Conn) {
			io.CopyN(c, c, 6400)
			io.CopyN(io.Discard, c, 64)
			c.Close()
		}},
		{"hangs up before the load", errEnded.Error(), func(c net.Conn) {
			c.(*tls.Conn).Handshake()
			c.Close()
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addr, ca := serveTLS(t, tt.fn)
			l := start(t, "load", "--json", "--conns", "4", "--duration", "1h", "--ca", ca, addr)
			r := decode(t, l.wait(1))
			if r.Kinds[tt.want] == 0 {
				t.Errorf("errors %d: %v, want %q", r.Errors, r.Kinds, tt.want)
			}
			l.complaint()
		})
	}
}

// TestLoadSaysWhereTLSIs: a server with TLS ends a connection that does not begin with a handshake, or
// answers with an alert.
func TestLoadSaysWhereTLSIs(t *testing.T) {
	addr, _ := serveTLS(t, altered(asIs))
	plain := strings.Replace(addr, "tls", "tcp", 1)
	for _, args := range [][]string{{"load", "--json", "--conns", "2"}, {"health"}} {
		l := start(t, append(args, plain)...)
		l.wait(1)
		holds(t, l.complaint(), ": if TLS is there, write "+addr)
		alerts := serveFunc(t, func(c net.Conn) {
			c.Read(make([]byte, 100))
			io.WriteString(c, "\x15\x03\x01\x00\x02\x02\x0a")
			c.Close()
		})
		l = start(t, append(args, alerts)...)
		l.wait(1)
		holds(t, l.complaint(), errAlert.Error()+": write "+strings.Replace(alerts, "tcp", "tls", 1))
	}
}

// TestLoadCountsConnectionsThatTheServerDoesNotTake: they are errors of the load, and the others go on,
// with TLS as without.
func TestLoadCountsConnectionsThatTheServerDoesNotTake(t *testing.T) {
	p, addrs := echoServer(t, []string{"tls://127.0.0.1:0", loopback[0]}, "--max-conns-per-ip", "3")
	for i, flags := range []string{"--insecure", "", "--insecure --rate 100", "--rate 100"} {
		args := append([]string{"load", "--json", "--conns", "5", "--duration", "300ms", addrs[i%2]}, strings.Fields(flags)...)
		l := start(t, args...)
		if r := decode(t, l.wait(1)); r.Errors != 2 || r.Requests == 0 {
			t.Errorf("%v: result %+v", args, r)
		}
		l.complaint()
		for conns := ""; conns != "0"; { // until the server has seen the ends of all
			p.signal(syscall.SIGUSR1)
			conns = p.expect(`^  connections +(\d+) open`)
		}
	}
	p.signal(syscall.SIGTERM)
	p.wait(0)
}
