package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// TestPanicClosesOneConnection has each callback of a handler panic.
func TestPanicClosesOneConnection(t *testing.T) {
	cause := errors.New("the handler's own error")
	for _, place := range []string{"Open", "Data", "Drain", "EOF", "WriteFunc", "Close"} {
		t.Run(place, func(t *testing.T) {
			looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
				eachNetwork(t, func(t *testing.T, addr string) {
					panicIn(t, place, cause, park, addr)
				})
			})
		})
	}
}

func panicIn(t *testing.T, place string, cause error, park uvgo.Option, addr string) {
	reports := make(chan string, 10)
	log := slog.New(&journal{note: func(r slog.Record) {
		var b strings.Builder
		b.WriteString(r.Message)
		r.Attrs(func(a slog.Attr) bool { fmt.Fprintf(&b, " %s=%v", a.Key, a.Value); return true })
		reports <- b.String()
	}})
	h := newProbe(t)
	var bad *server.Conn
	at := func(here string, c *server.Conn) {
		if here == place && c == bad {
			panic(cause)
		}
	}
	full := make(chan bool, 1)
	first := true
	h.onOpen = func(c *server.Conn) {
		if !first && bad == nil {
			bad = c
		}
		first = false
		at("Open", c)
	}
	h.onData = func(c *server.Conn, p []byte) {
		at("Data", c)
		switch {
		case c == bad && place == "Drain":
			flood(t, c, 1<<20)
			c.Write([]byte("!"))
			full <- true
		case c == bad && place == "WriteFunc":
			uvtest.Expect(t, c.WriteFunc(func(error) { panic(cause) }, p))
		default:
			c.Write(p)
		}
	}
	h.onClose = func(c *server.Conn, _ error) { at("Close", c) }
	all := &fullProbe{
		probe:   h,
		onDrain: func(c *server.Conn) { at("Drain", c) },
		onEOF:   func(c *server.Conn) { at("EOF", c); c.Close() },
	}
	r := run(t, &server.Server{Handler: all, Loops: 1, Options: []uvgo.Option{park}, HighWater: 1 << 20, Logger: log}, addr)
	good := r.dial()
	roundTrip(t, good, "before")

	client := r.dial()
	small(t, client)
	_, _ = client.Write([]byte("x"))
	if place == "Drain" { // it reads only now
		<-full
	}
	if place == "EOF" || place == "Close" {
		receive(t, client, 1)
		uvtest.Check(t, client.(halfCloser).CloseWrite())
	}
	_, _ = io.Copy(io.Discard, client)
	var p *uv.PanicError
	switch end := <-h.closed; {
	case end.conn != bad:
		t.Error("another connection was closed")
	case place == "Close": // it is too late to change why
		if end.err != io.EOF {
			t.Errorf("Close got %v", end.err)
		}
	case !errors.As(end.err, &p) || p.Value != any(cause) || !errors.Is(end.err, cause) || !strings.Contains(string(p.Stack), "panicIn"):
		t.Errorf("Close got %v, want the panic with its stack", end.err)
	}
	if report := <-reports; !strings.Contains(report, cause.Error()) || !strings.Contains(report, "panicIn") {
		t.Errorf("report %q lacks the value or the stack", report)
	}

	roundTrip(t, good, "after")
	roundTrip(t, r.dial(), "new")
	if n := r.Stats().Conns; n != 2 {
		t.Errorf("%d connections are open, want 2", n)
	}
	if len(h.closed) != 0 || len(reports) != 0 {
		t.Errorf("%d more calls of Close, %d more reports", len(h.closed), len(reports))
	}
}

// TestPanicIsReadableOnce reads what the default kind of handler prints, and what
// a handler prints that logs why its connections end.
func TestPanicIsReadableOnce(t *testing.T) {
	var mu sync.Mutex
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return out.Write(p)
	}), nil))
	h := newProbe(t)
	h.onData = func(_ *server.Conn, p []byte) { _ = divide(len(p) - 1) }
	h.onClose = func(_ *server.Conn, err error) { log.Info("closed", "error", err) }
	r := run(t, &server.Server{Handler: h, Loops: 1, Logger: log})
	send(t, r.dial(), []byte("x"))
	<-h.closed
	r.stop()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines, want the server's and Close's:\n%s", len(lines), out.String())
	}
	if s := lines[0]; !strings.Contains(s, `value="runtime error: integer divide by zero"`) ||
		!strings.Contains(s, `stack="[github.com/uvgo/uvgo/server_test.divide(`) ||
		!strings.Contains(s, "panic_test.go:") || strings.Contains(s, `\n`) || strings.Contains(s, `\t`) ||
		strings.Contains(s, "internal/core.") { // the loop's calls help nobody
		t.Errorf("the report does not read well: %s", s)
	}
	if strings.Contains(lines[1], "panic_test.go") || !strings.Contains(lines[1], "integer divide by zero") {
		t.Errorf("Close's error tells the stack again, or not the value: %s", lines[1])
	}
}

//go:noinline
func divide(n int) int { return 1 / n }

// A writerFunc is a function that serves as a writer.
type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestPanicOutsideACallback: a posted function has no connection to close.
func TestPanicOutsideACallback(t *testing.T) {
	reports := make(chan string, 10)
	h := echo(t)
	r := run(t, &server.Server{Handler: h, Loops: 1, Logger: slog.New(&journal{note: func(r slog.Record) { reports <- r.Message }})})
	client := r.dial()
	roundTrip(t, client, "before")
	c := <-h.opened
	uvtest.Check(t, c.Loop().Post(func() { panic("posted") }))
	if m := <-reports; !strings.Contains(m, "panic") {
		t.Errorf("report %q", m)
	}
	roundTrip(t, client, "after")
}

// TestGoexitInAHandlerEndsTheServer: a handler that ends its goroutine, as
// t.FailNow does, ends its loop, and the server with it, gracefully.
func TestGoexitInAHandlerEndsTheServer(t *testing.T) {
	looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
		uvtest.Watchdog(t, 2*maxWait)
		h := newProbe(t)
		h.onData = func(*server.Conn, []byte) { runtime.Goexit() }
		path := uvtest.SocketPath(t)
		s := &server.Server{Handler: h, Loops: 2, Options: []uvgo.Option{park}}
		uvtest.Check(t, s.Listen("unix://"+path))
		ended := make(chan error)
		go func() { ended <- s.Serve(context.Background()) }()
		a, b := dialAddr(t, s.Addrs()[0]), dialAddr(t, s.Addrs()[0]) // on either loop
		<-h.opened
		<-h.opened
		send(t, b, []byte("x"))
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "Goexit") {
			t.Errorf("Serve: %v", err)
		}
		for _, c := range []net.Conn{a, b} {
			if _, err := io.Copy(io.Discard, c); err != nil {
				t.Errorf("a client got %v", err)
			}
		}
		if n := len(h.closed); n != 2 {
			t.Errorf("%d of 2 connections are closed when Serve returns", n)
		}
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket file: %v", err)
		}
		uvtest.Check(t, s.Shutdown(context.Background()))
	})
}
