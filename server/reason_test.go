package server_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// TestClosedCountsReasons ends connections in every way that needs no limit, one each. The
// count and what Close gets agree.
func TestClosedCountsReasons(t *testing.T) {
	cause := errors.New("the handler's own error")
	for _, tt := range []struct {
		name    string
		onData  func(c *server.Conn)
		client  func(c net.Conn)
		timeout time.Duration // CloseTimeout
		err     error
		want    server.Closed
	}{
		{name: "the peer's EOF", client: func(c net.Conn) { c.Close() }, err: io.EOF, want: server.Closed{ByPeer: 1}},
		{name: "close", onData: func(c *server.Conn) { c.Close() }, want: server.Closed{ByUs: 1}},
		{name: "abort", onData: func(c *server.Conn) { c.Abort() }, want: server.Closed{Aborted: 1}},
		{name: "panic", onData: func(*server.Conn) { panic(cause) }, err: cause, want: server.Closed{Panics: 1}},
		{
			name: "reset", client: func(c net.Conn) { c.(*net.TCPConn).SetLinger(0); c.Close() },
			err: uv.ECONNRESET, want: server.Closed{Reset: 1},
		},
		{
			name: "reset after Close", onData: func(c *server.Conn) { c.Write([]byte("!")); c.Close() },
			client: func(c net.Conn) { io.Copy(io.Discard, c); c.(*net.TCPConn).SetLinger(0); c.Close() },
			err:    uv.ECONNRESET, want: server.Closed{Reset: 1},
		},
		{
			name: "close timeout", onData: func(c *server.Conn) { flood(t, c, 1<<20); c.Close() },
			timeout: 20 * time.Millisecond, err: server.ErrCloseTimeout, want: server.Closed{CloseTimeout: 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newProbe(t)
			got := make(chan bool, 1)
			h.onData = func(c *server.Conn, _ []byte) {
				if tt.onData != nil {
					tt.onData(c)
				}
				got <- true
			}
			if tt.timeout == 0 {
				tt.timeout = maxWait
			}
			quiet := slog.New(&journal{note: func(slog.Record) {}})
			r := run(t, &server.Server{Handler: h, Loops: 1, CloseTimeout: tt.timeout, Logger: quiet})
			c := r.dial()
			send(t, c, []byte("x"))
			if tt.client != nil {
				<-got
				tt.client(c)
			}
			if end := <-h.closed; !errors.Is(end.err, tt.err) {
				t.Errorf("Close got %v, want %v", end.err, tt.err)
			}
			if diff := cmp.Diff(tt.want, r.Stats().Closed); diff != "" {
				t.Errorf("Stats (-want +got):\n%s", diff)
			}
		})
	}
}

// TestClosedCountsTheEndOfServe: connections that the end of Serve's context cuts are aborted,
// those that Shutdown ends are not.
func TestClosedCountsTheEndOfServe(t *testing.T) {
	for name, cut := range map[string]bool{"context": true, "shutdown": false} {
		t.Run(name, func(t *testing.T) {
			uvtest.Watchdog(t, 2*maxWait)
			h := echo(t)
			s := &server.Server{Handler: h, Loops: 1}
			uvtest.Check(t, s.Listen(anyTCP))
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			served := make(chan error, 1)
			go func() { served <- s.Serve(ctx) }()
			dialAddr(t, s.Addrs()[0])
			<-h.opened
			want := server.Closed{ByUs: 1}
			if cut {
				want = server.Closed{Aborted: 1}
				cancel()
			} else if err := s.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			<-served
			if diff := cmp.Diff(want, s.Stats().Closed); diff != "" {
				t.Errorf("Stats (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLimitErrorsAreToldApart: errors.Is tells each limit from the others, and timeouts are
// what package net's are.
func TestLimitErrorsAreToldApart(t *testing.T) {
	all := []error{server.ErrIdleTimeout, server.ErrWriteTimeout, server.ErrHandshakeTimeout, server.ErrCloseTimeout, server.ErrTooManyConns}
	for i, err := range all {
		for j, other := range all {
			if errors.Is(err, other) != (i == j) {
				t.Errorf("errors.Is(%v, %v) is %v", err, other, i != j)
			}
		}
		timeout := err != server.ErrTooManyConns
		if ne, ok := err.(net.Error); !ok || ne.Timeout() != timeout {
			t.Errorf("%v as a net.Error: %v, want Timeout %v", err, ok, timeout)
		}
		if errors.Is(err, os.ErrDeadlineExceeded) != timeout {
			t.Errorf("%v is os.ErrDeadlineExceeded: %v", err, !timeout)
		}
		if errors.Is(err, uv.ETIMEDOUT) != (err == server.ErrCloseTimeout) {
			t.Errorf("%v is ETIMEDOUT: %v", err, err != server.ErrCloseTimeout)
		}
	}
}
