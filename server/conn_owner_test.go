package server_test

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

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
			return slices.Contains([]string{"Loop", "RemoteAddr", "LocalAddr", "Hold", "Release"}, name)
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
