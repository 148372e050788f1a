package server_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

func TestServeEndsWithItsContext(t *testing.T) {
	looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
		uvtest.Watchdog(t, 2*maxWait)
		h := newProbe(t)
		cancelled := uvtest.NewCounter(t, "completions of what was not sent", 5)
		h.onOpen = func(c *server.Conn) {
			uvtest.Expect(t, c.WriteFunc(func(err error) {
				if errors.Is(err, uv.ECANCELED) {
					cancelled.Inc()
				}
			}, make([]byte, 64<<20)))
		}
		path := uvtest.SocketPath(t)
		s := &server.Server{Handler: h, Loops: 2, Options: []uvgo.Option{park}}
		uvtest.Check(t, s.Listen(anyTCP, "unix://"+path))
		ctx, cancel := context.WithCancelCause(context.Background())
		ended := make(chan error)
		go func() { ended <- s.Serve(ctx) }()
		for i := range 5 {
			dialAddr(t, s.Addrs()[i%2])
			<-h.opened
		}
		cancel(errors.New("the cause, which is not the context's error"))
		if err := <-ended; err != context.Canceled {
			t.Errorf("Serve: %v", err)
		}
		if len(h.closed) != 5 {
			t.Errorf("%d of 5 connections are closed when Serve returns", len(h.closed))
		}
		for range 5 {
			if end := <-h.closed; end.err != nil {
				t.Errorf("Close got %v", end.err)
			}
		}
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket file: %v", err)
		}
		uvtest.Check(t, s.Shutdown(context.Background()))
	})
}

func TestServeTwice(t *testing.T) {
	r := run(t, &server.Server{Handler: newProbe(t), Loops: 1})
	r.dial() // it serves when this is open
	<-r.Handler.(*probe).opened
	for name, err := range map[string]error{
		"Serve": r.Serve(context.Background()), "Listen": r.Server.Listen(anyTCP),
		"ListenAndServe": r.ListenAndServe(context.Background(), anyTCP),
	} {
		if err == nil || !strings.Contains(err.Error(), "already serving") {
			t.Errorf("%s while serving: %v", name, err)
		}
	}
}

func TestServeNeedsHandlerAndListener(t *testing.T) {
	if err := new(server.Server).ListenAndServe(context.Background(), anyTCP); err == nil {
		t.Error("a server without a handler serves")
	}
	s := &server.Server{Handler: newProbe(t)}
	if err := s.Serve(context.Background()); err == nil {
		t.Error("a server that listens nowhere serves")
	}
	if err := s.ListenAndServe(context.Background()); err == nil {
		t.Error("a server that listens nowhere serves")
	}
	uvtest.Check(t, s.Shutdown(context.Background()))
}

// TestPostFailsOnceTheServerHasEnded: a goroutine that uses a connection after the
// server's end gets an error, not a crash.
func TestPostFailsOnceTheServerHasEnded(t *testing.T) {
	h := echo(t)
	r := run(t, &server.Server{Handler: h, Loops: 1})
	roundTrip(t, r.dial(), "hello")
	c := <-h.opened
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = r.Shutdown(ctx)
	if err := c.Loop().Post(func() { t.Error("a function runs on a loop that has ended") }); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Post: %v", err)
	}
}

func TestServeWithAnEndedContext(t *testing.T) {
	uvtest.Watchdog(t, 2*maxWait)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	h := newProbe(t)
	s := &server.Server{Handler: h, Loops: 2}
	uvtest.Check(t, s.Listen(tcpURL(reserve(t, false))))
	dialAddr(t, s.Addrs()[0])
	if err := s.Serve(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Serve: %v", err)
	}
	if c, err := net.Dial("tcp", s.Addrs()[0].String()); err == nil {
		c.Close()
		t.Error("it still listens")
	}
	if len(h.opened) != len(h.closed) {
		t.Errorf("%d connections opened, %d closed", len(h.opened), len(h.closed))
	}
}

func TestNilContextIsAnError(t *testing.T) {
	var none context.Context
	s := &server.Server{Handler: newProbe(t)}
	uvtest.IsErr(t, "ListenAndServe", s.ListenAndServe(none, anyTCP), uv.EINVAL)
	uvtest.Check(t, s.Listen(anyTCP))
	uvtest.IsErr(t, "Serve", s.Serve(none), uv.EINVAL)
	uvtest.IsErr(t, "Shutdown", s.Shutdown(none), uv.EINVAL)
	if len(s.Addrs()) != 1 {
		t.Error("a call that was refused has ended the server")
	}
	uvtest.Check(t, s.Shutdown(t.Context()))
	r := run(t, &server.Server{Handler: echo(t), Loops: 1})
	uvtest.IsErr(t, "Shutdown while serving", r.Shutdown(none), uv.EINVAL)
	roundTrip(t, r.dial(), "it goes on")
}

// TestErrorsSayWhatIsMissing: they name what is nil, and the package once.
func TestErrorsSayWhatIsMissing(t *testing.T) {
	var none context.Context
	s := &server.Server{Handler: newProbe(t), Loops: 1}
	packets := &server.Server{PacketHandler: answers(t), Loops: 1}
	for want, err := range map[string]error{
		"server: serve: the context is nil":             s.Serve(none),
		"server: listen and serve: the context is nil":  s.ListenAndServe(none, anyTCP),
		"server: shutdown: the context is nil":          s.Shutdown(none),
		"server: serve: a listener is nil":              s.Serve(t.Context(), nil),
		"server: Handler is nil":                        new(server.Server).Listen(anyTCP),
		"server: listen on " + anyTCP + ": Handler is":  packets.Listen(anyTCP),
		"server: listen on udp://:0: PacketHandler is ": s.Listen("udp://:0"),
	} {
		if !errors.Is(err, uv.EINVAL) || !strings.HasPrefix(fmt.Sprint(err), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	uvtest.Check(t, errors.Join(s.Shutdown(t.Context()), packets.Shutdown(t.Context())))
}
