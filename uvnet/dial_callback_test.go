package uvnet

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// TestCallsInACallback: in a callback of a loop, and be it the connection's own, everything that
// waits lends the loop.
func TestCallsInACallback(t *testing.T) {
	defer func(d time.Duration) { awaiting = d }(awaiting)
	awaiting = time.Hour // a Close that holds up the loop that it waits for would give up after it
	t.Run("of another loop", func(t *testing.T) {
		looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
			called := uvtest.NewCounter(t, "callback", 1)
			uvtest.Check(t, l.Post(func() { converse(t, nil); called.Inc() }))
			looptest.Run(t, l)
		})
	})
	looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
		g := uvtest.Must(uvgo.NewGroup(1, park))
		n, ran, called := New(g), make(chan error, 1), make(chan struct{})
		go func() { ran <- g.Run(context.Background()) }()
		uvtest.Check(t, g.Loops()[0].Post(func() {
			converse(t, n)
			close(called)
		}))
		<-called
		uvtest.Check(t, g.Shutdown(t.Context()))
		uvtest.Check(t, <-ran)
	})
}

// converse accepts, dials, reads and writes, exchanges datagrams, and looks names up. Another
// goroutine is the peer.
func converse(t *testing.T, n *Net) {
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": uvtest.SocketPath(t)} {
		ln, err := n.Listen(network, address)
		uvtest.Expect(t, err)
		peer := make(chan net.Conn)
		go func() {
			c, err := net.Dial(network, ln.Addr().String())
			uvtest.Expect(t, err)
			peer <- c
			_, _ = io.Copy(struct{ io.Writer }{c}, c)
			c.Close()
		}()
		c, err := ln.Accept()
		uvtest.Expect(t, err)
		<-peer
		dialed, err := n.Dial(network, ln.Addr().String())
		uvtest.Expect(t, err)
		uvtest.Expect(t, dialed.Close())
		sent, got := uvtest.Pattern(100<<10, 1), make([]byte, 100<<10)
		for range 20 {
			_, err = c.Write(sent)
			uvtest.Expect(t, err)
			_, err = io.ReadFull(c, got)
			uvtest.Expect(t, err)
		}
		if !bytes.Equal(sent, got) {
			t.Errorf("%s: the echo differs", network)
		}
		uvtest.Expect(t, c.Close())
		uvtest.Expect(t, ln.Close())
	}
	u, err := n.ListenPacket("udp", "127.0.0.1:0")
	uvtest.Expect(t, err)
	go func() {
		c, err := net.Dial("udp", u.LocalAddr().String())
		uvtest.Expect(t, err)
		_, err = c.Write([]byte("x"))
		uvtest.Expect(t, err)
		c.Close()
	}()
	_, _, err = u.ReadFrom(make([]byte, 1))
	uvtest.Expect(t, err)
	uvtest.Expect(t, u.Close())
	for _, r := range []*Resolver{{}, {Libuv: true, Loops: n}} {
		_, err = r.LookupHost(context.Background(), "localhost")
		uvtest.Expect(t, err)
	}
}

// TestCallsInACallbackOfAThread: a loop that cannot be lent refuses what would hold it up.
func TestCallsInACallbackOfAThread(t *testing.T) {
	l := looptest.New(t, uvgo.WithLockedThread())
	ln := uvtest.Must(Listen("tcp", "127.0.0.1:0"))
	c := uvtest.Must(Dial("tcp", ln.Addr().String()))
	u := uvtest.Must(ListenPacket("udp", "127.0.0.1:0"))
	defer uvtest.CloseAll(t, ln, c, u)
	called := uvtest.NewCounter(t, "callback", 1)
	uvtest.Check(t, l.Post(func() {
		_, err := Dial("tcp", ln.Addr().String())
		uvtest.IsErr(t, "dial", err, uv.ErrInCallback)
		_, err = c.Read(make([]byte, 1))
		uvtest.IsErr(t, "read", err, uv.ErrInCallback)
		_, _, err = u.ReadFrom(make([]byte, 1))
		uvtest.IsErr(t, "read from", err, uv.ErrInCallback)
		_, err = new(Resolver).LookupHost(t.Context(), "localhost")
		uvtest.IsErr(t, "lookup", err, uv.ErrInCallback)
		called.Inc()
	}))
	looptest.Run(t, l)
}
