package kit

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// A Handler is made of functions; nil ones do nothing, but the data that nobody
// wants is echoed.
type Handler struct {
	OnOpen, OnDrain func(c *server.Conn)
	OnData          func(c *server.Conn, p []byte)
	OnClose         func(c *server.Conn, err error)
}

// Open calls OnOpen.
func (h *Handler) Open(c *server.Conn) {
	if h.OnOpen != nil {
		h.OnOpen(c)
	}
}

// Data calls OnData, or echoes.
func (h *Handler) Data(c *server.Conn, p []byte) {
	if h.OnData == nil {
		_, _ = c.Write(p)
		return
	}
	h.OnData(c, p)
}

// Close calls OnClose.
func (h *Handler) Close(c *server.Conn, err error) {
	if h.OnClose != nil {
		h.OnClose(c, err)
	}
}

// Drain calls OnDrain.
func (h *Handler) Drain(c *server.Conn) {
	if h.OnDrain != nil {
		h.OnDrain(c)
	}
}

// Serve serves until the function that it returns is called, which also waits
// for the end. It panics on errors, and so serves helper processes, too.
func Serve(s *server.Server, addrs ...string) (stop func()) {
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	uvtest.Must(0, s.Listen(addrs...))
	served := make(chan error)
	go func() { served <- s.Serve(context.Background()) }()
	return func() {
		uvtest.Must(0, s.Shutdown(context.Background()))
		uvtest.Must(0, <-served)
	}
}

// Dial connects to the address of a server.
func Dial(t testing.TB, a net.Addr) net.Conn {
	t.Helper()
	c, err := net.Dial(a.Network(), a.String())
	uvtest.Check(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// Reset closes a connection; a TCP one with a reset.
func Reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	c.Close()
}

// EchoesBack sends a message and wants it back.
func EchoesBack(c net.Conn, msg string) error {
	if _, err := io.WriteString(c, msg); err != nil {
		return err
	}
	got := make([]byte, len(msg))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if string(got) != msg {
		return fmt.Errorf("echo of %q is %q", msg, got)
	}
	return nil
}
