package kit

import (
	"io"
	"net/netip"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// NewTCP makes a TCP handle.
func NewTCP(t testing.TB, l *uvgo.Loop) *handles.TCP {
	t.Helper()
	h, err := l.NewTCP()
	uvtest.Check(t, err)
	return h
}

// TCPListener listens on a port of the loopback and hands out connections; an
// error of the listener ends the test.
func TCPListener(t testing.TB, l *uvgo.Loop, fn func(c *handles.TCP)) (*handles.TCP, netip.AddrPort) {
	t.Helper()
	s := NewTCP(t, l)
	uvtest.Check(t, s.Bind(looptest.Loopback))
	uvtest.Check(t, s.Listen(128, func(c *handles.TCP, err error) {
		if err != nil {
			t.Errorf("accept: %v", err)
			return
		}
		fn(c)
	}))
	addr, err := s.LocalAddr()
	uvtest.Check(t, err)
	return s, addr
}

// TCPConnect connects and hands out the connection once it is there.
func TCPConnect(t testing.TB, l *uvgo.Loop, addr netip.AddrPort, fn func(c *handles.TCP)) *handles.TCP {
	t.Helper()
	c := NewTCP(t, l)
	connected := uvtest.NewCounter(t, "connect callback", 1)
	uvtest.Check(t, c.Connect(addr, func(err error) {
		connected.Inc()
		if err != nil {
			t.Errorf("connect: %v", err)
			return
		}
		fn(c)
	}))
	return c
}

// TCPEcho makes a connection send back what it receives, and end when its peer
// does.
func TCPEcho(t testing.TB, c *handles.TCP) {
	t.Helper()
	uvtest.Check(t, c.ReadStart(func(p []byte, err error) {
		if err == nil {
			_, err = c.Write(p)
		}
		if err == io.EOF {
			err = c.Shutdown(func(error) { c.Close() })
		}
		if err != nil {
			t.Errorf("echo: %v", err)
			c.Close()
		}
	}))
}
