package uvhttp

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

type connKey struct{}

// states notes what ConnState and ConnContext are told.
type states struct {
	mu       sync.Mutex
	all      map[net.Conn][]http.ConnState
	contexts int
	closed   chan struct{} // receives for each connection that has ended
}

func (s *states) watch(srv *Server) {
	s.all, s.closed = make(map[net.Conn][]http.ConnState), make(chan struct{}, 100)
	srv.ConnState = func(c net.Conn, state http.ConnState) {
		s.mu.Lock()
		s.all[c] = append(s.all[c], state)
		s.mu.Unlock()
		if state == http.StateClosed || state == http.StateHijacked {
			s.closed <- struct{}{}
		}
	}
	srv.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		s.mu.Lock()
		s.contexts++
		s.mu.Unlock()
		return context.WithValue(ctx, connKey{}, c)
	}
}

// TestConnStateAndContext: both are told of each connection once, also of one that speaks HTTP/2, and the handler's context has what
// ConnContext has put there.
func TestConnStateAndContext(t *testing.T) {
	prior := new(http.Protocols)
	prior.SetUnencryptedHTTP2(true)
	for name, c := range map[string]struct {
		protocols *http.Protocols
		want      []http.ConnState
	}{
		"HTTP/1": {nil, []http.ConnState{http.StateNew, http.StateActive, http.StateIdle, http.StateActive, http.StateIdle, http.StateClosed}},
		"HTTP/2": {prior, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var seen states
			s := &Server{Loops: 1}
			seen.watch(s)
			s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				nc, _ := r.Context().Value(connKey{}).(net.Conn)
				if nc == nil || nc.RemoteAddr().String() != r.RemoteAddr {
					t.Errorf("the context has %v, the request comes from %s", nc, r.RemoteAddr)
				}
				_, isServer := r.Context().Value(http.ServerContextKey).(*http.Server)
				fmt.Fprintf(w, "%s %t %v", r.Proto, isServer, r.Context().Value(http.LocalAddrContextKey))
			})
			addr := start(t, s)
			tr := &http.Transport{Protocols: c.protocols}
			for range 2 {
				if got, want := get(t, &http.Client{Transport: tr}, "http://"+addr), " true "+addr; got[len("HTTP/x.x"):] != want {
					t.Errorf("%q, want %q", got, want)
				}
			}
			tr.CloseIdleConnections()
			<-seen.closed
			seen.mu.Lock()
			defer seen.mu.Unlock()
			if len(seen.all) != 1 || seen.contexts != 1 {
				t.Fatalf("%d connections, %d contexts", len(seen.all), seen.contexts)
			}
			for _, got := range seen.all {
				if c.want != nil && !slices.Equal(got, c.want) {
					t.Errorf("states %v, want %v", got, c.want)
				}
				if got[0] != http.StateNew || slices.Contains(got[1:], http.StateNew) || got[len(got)-1] != http.StateClosed || slices.Contains(got, http.StateHijacked) {
					t.Errorf("states %v", got)
				}
			}
		})
	}
}

// TestConnFacade: what ConnState gets can be closed, and is not read or written.
func TestConnFacade(t *testing.T) {
	s := &Server{Loops: 1, Handler: http.NotFoundHandler()}
	conns := make(chan net.Conn, 1)
	closed := make(chan struct{})
	s.ConnState = func(c net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			conns <- c
		case http.StateClosed:
			close(closed)
		}
	}
	c, err := net.Dial("tcp", start(t, s))
	uvtest.Check(t, err)
	defer c.Close()
	nc := <-conns
	if _, err := nc.Read(make([]byte, 1)); err == nil {
		t.Error("Read works")
	}
	if _, err := nc.Write([]byte("x")); err == nil {
		t.Error("Write works")
	}
	if nc.LocalAddr().String() != c.RemoteAddr().String() {
		t.Errorf("local address %v", nc.LocalAddr())
	}
	uvtest.Check(t, nc.Close())
	<-closed
	if n, err := c.Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes", n)
	}
}
