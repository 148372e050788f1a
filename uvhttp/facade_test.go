package uvhttp

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"
)

// TestDeadlinesOfOthers: another goroutine sets deadlines all the time, while requests come and go. The race detector looks.
func TestDeadlinesOfOthers(t *testing.T) {
	modes(t, func(t *testing.T, s *Server) {
		conns, stop, stopped := make(chan net.Conn, 1), make(chan struct{}), make(chan struct{})
		s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
			conns <- c
			return ctx
		}
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hi") })
		c, in := dial(t, start(t, s))
		go func() {
			defer close(stopped)
			for nc := <-conns; ; {
				select {
				case <-stop:
					return
				default:
					_ = nc.SetDeadline(time.Now().Add(time.Hour))
				}
			}
		}()
		for range 200 {
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			if got := answer200(t, in); got != "hi" {
				t.Fatalf("%q", got)
			}
		}
		close(stop)
		<-stopped
	})
}

// TestConnContextComesFirst: ConnContext makes what ConnState may look for, as with net/http.
func TestConnContextComesFirst(t *testing.T) {
	order := make(chan string, 10)
	s := &Server{
		Handler:     http.NotFoundHandler(),
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context { order <- "context"; return ctx },
		ConnState:   func(_ net.Conn, state http.ConnState) { order <- state.String() },
	}
	dial(t, start(t, s))
	if first, second := <-order, <-order; first != "context" || second != "new" {
		t.Errorf("%s, then %s", first, second)
	}
}
