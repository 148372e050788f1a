package alloc

import (
	"context"
	"net"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// counter counts frames.
type counter struct {
	opened chan *server.Conn
	frames int
}

func (h *counter) Open(c *server.Conn)             { h.opened <- c }
func (h *counter) Frame(c *server.Conn, p []byte)  { h.frames++ }
func (h *counter) Close(c *server.Conn, err error) {}

// TestFramesAllocateNothing: neither whole frames nor those that arrive in two pieces.
func TestFramesAllocateNothing(t *testing.T) {
	if uvtest.Instrumented {
		t.Skip("the race detector's sync.Pool drops some of what it is given")
	}
	h := &counter{opened: make(chan *server.Conn, 1)}
	f := server.Frames(nil, 0, h)
	s := &server.Server{Handler: f, Loops: 1}
	uvtest.Check(t, s.Listen("tcp://127.0.0.1:0"))
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background()) }()
	client := uvtest.Must(net.Dial("tcp", s.Addrs()[0].String()))
	c := <-h.opened
	first, second := []byte("one\ntwo\nthr"), []byte("ee\nfour\nfive\n")
	done := make(chan float64)
	uvtest.Check(t, c.Loop().Post(func() {
		done <- testing.AllocsPerRun(1000, func() {
			f.Data(c, first)
			f.Data(c, second)
		})
	}))
	if n := <-done; n != 0 || h.frames != 5*1001 {
		t.Errorf("%v allocations, %d frames", n, h.frames)
	}
	client.Close()
	uvtest.Check(t, s.Shutdown(context.Background()))
	uvtest.Check(t, <-served)
}
