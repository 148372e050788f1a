package server_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/goroutine"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// stranger calls every method of a connection on another goroutine.
type stranger struct {
	mu    sync.Mutex
	calls []uvtest.Call
}

func (s *stranger) Open(c *server.Conn) { c.SetContext("own") }

func (s *stranger) Data(c *server.Conn, p []byte) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.calls = uvtest.Methods(c, func(name string) bool {
			return slices.Contains([]string{"Loop", "RemoteAddr", "LocalAddr", "ProxyAddr", "ProxyTLVs", "Hold", "Release"}, name)
		})
	}()
	<-done
	if c.Context() != "own" || c.Full() {
		return // the peer then reads nothing
	}
	c.Write(p)
}

func (s *stranger) Close(*server.Conn, error) {}

func TestConnRefusesOtherGoroutines(t *testing.T) {
	if !goroutine.Cheap {
		t.Skip("on this processor only debug mode tells goroutines apart")
	}
	var log bytes.Buffer
	h := new(stranger)
	s := &server.Server{Handler: h, Loops: 1, Options: []uvgo.Option{uvgo.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))}}
	c := run(t, s, "tcp://127.0.0.1:0").dial()
	defer c.Close()
	roundTrip(t, c, "abc")
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.calls) < 10 {
		t.Errorf("%d methods were called", len(h.calls))
	}
	silent := 0
	for _, c := range h.calls {
		switch {
		case c.Panic != nil:
			t.Errorf("%s panics: %v", c.Name, c.Panic)
		case c.Fails && !errors.Is(c.Err, uv.ErrNotOwner):
			t.Errorf("%s: %v", c.Name, c.Err)
		case !c.Fails && !c.Zero():
			t.Errorf("%s returns %v", c.Name, c.Results)
		case !c.Fails:
			silent++
		}
	}
	if n := strings.Count(log.String(), "call from a goroutine that does not run the loop"); n != silent {
		t.Errorf("%d lines of log for %d calls:\n%s", n, silent, &log)
	}
}

// TestOtherGoroutinesAreRefusedUntilTheLoopHasEnded writes from another goroutine all the
// time while a server ends: no call reaches the connection. The first call whose error is not
// ErrNotOwner comes when the loop is closed.
func TestOtherGoroutinesAreRefusedUntilTheLoopHasEnded(t *testing.T) {
	if !goroutine.Cheap {
		t.Skip("on this processor only debug mode tells goroutines apart")
	}
	for name, end := range map[string]func(s *server.Server, cancel func()){
		"context":  func(_ *server.Server, cancel func()) { cancel() },
		"Shutdown": func(s *server.Server, _ func()) { _ = s.Shutdown(context.Background()) },
		"Shutdown with an ended context": func(s *server.Server, _ func()) {
			ended, cancel := context.WithCancel(context.Background())
			cancel()
			_ = s.Shutdown(ended)
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 10 {
				h := newProbe(t)
				s := &server.Server{Handler: h, Loops: 1, CloseTimeout: 10 * time.Millisecond}
				uvtest.Check(t, s.Listen(anyTCP))
				ctx, cancel := context.WithCancel(context.Background())
				served := make(chan error, 1)
				go func() { served <- s.Serve(ctx) }()
				client := dialAddr(t, s.Addrs()[0])
				c := <-h.opened
				begun, last := make(chan bool), make(chan error)
				go func() {
					for n := 0; ; n++ {
						_, err := c.Write([]byte("x"))
						if !errors.Is(err, uv.ErrNotOwner) {
							if !server.LoopEnded(c) {
								t.Errorf("call %d gets %v before the loop has ended", n, err)
							}
							last <- err
							return
						}
						if n == 0 {
							close(begun)
						}
						runtime.Gosched()
					}
				}()
				<-begun
				end(s, cancel)
				uvtest.IsErr(t, "Write after the loop's end", <-last, net.ErrClosed)
				if got, err := io.ReadAll(client); len(got) > 0 {
					t.Errorf("the client got %q, %v", got, err)
				}
				<-served
				cancel()
			}
		})
	}
}
