package main

import (
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestHealthOfAServerThatIsWell(t *testing.T) {
	p, addrs := echoServer(t, []string{reserve(t), "unix://" + uvtest.SocketPath(t)})
	for _, addr := range addrs {
		h := start(t, "health", addr, "--timeout", "1m")
		h.expect("^" + addr + ` is well: 12 bytes came back in \S+$`)
		h.wait(0)
	}
	p.signal(syscall.SIGTERM)
	p.wait(0)
	for _, addr := range addrs {
		h := start(t, "health", addr, "--timeout", "1m")
		h.wait(1)
		holds(t, h.complaint(), "cannot connect to "+addr)
	}
}

func TestHealthOfAServerThatIsNot(t *testing.T) {
	for _, tt := range []struct {
		name, timeout, want string
		fn                  func(net.Conn)
	}{
		{"silent", "2s", "0 of 12 bytes came back within 2s", altered(func([]byte) []byte { return nil })},
		{"slow", "2s", "3 of 12 bytes came back within 2s", altered(func(p []byte) []byte { return p[:3] })},
		{"hangs up", "1m", "0 of 12 bytes came back: EOF", func(c net.Conn) {
			c.Read(make([]byte, 100))
			c.Close()
		}},
		{"wrong", "1m", "what came back is not what was sent", altered(func(p []byte) []byte {
			p[5]++
			return p
		})},
		{"talkative", "1m", "what came back is not what was sent", altered(func(p []byte) []byte {
			return append(p, '!')
		})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr := serveFunc(t, tt.fn)
			h := start(t, "health", "--timeout", tt.timeout, addr)
			if out := h.wait(1); out != "" {
				t.Errorf("it printed %q", out)
			}
			holds(t, h.complaint(), addr+" is not well: "+tt.want)
		})
	}
}

// TestHealthSpeaksTLS, and ends its side as TLS wants it.
func TestHealthSpeaksTLS(t *testing.T) {
	ends := make(chan error, 2)
	addr, ca := serveTLS(t, func(c net.Conn) {
		_, err := io.Copy(c, c) // nil at close_notify
		ends <- err
		c.Close()
	})
	for _, flags := range [][]string{{"--insecure"}, {"--ca", ca}} {
		h := start(t, append([]string{"health", addr, "--timeout", "1m"}, flags...)...)
		h.expect("^" + addr + ` is well: 12 bytes came back in \S+$`)
		h.wait(0)
		if err := <-ends; err != nil {
			t.Errorf("the server sees %v at the end", err)
		}
	}
	plain := serveFunc(t, altered(asIs))
	hangsUp := serveFunc(t, func(c net.Conn) { c.Close() })
	silent := serveFunc(t, func(c net.Conn) { io.Copy(io.Discard, c) })
	for _, tt := range []struct{ addr, timeout, want string }{
		{addr, "1m", "by --ca, or trust everybody by --insecure"},
		{strings.Replace(plain, "tcp", "tls", 1), "1m", ": no TLS there, write " + plain},
		{strings.Replace(hangsUp, "tcp", "tls", 1), "1m", ": " + errEnded.Error()},
		{strings.Replace(silent, "tcp", "tls", 1), "300ms", ": no connection within 300ms"},
	} {
		h := start(t, "health", tt.addr, "--timeout", tt.timeout)
		h.wait(1)
		holds(t, h.complaint(), tt.want)
	}
}
