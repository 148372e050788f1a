package main

import (
	"net"
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
