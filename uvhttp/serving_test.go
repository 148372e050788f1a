package uvhttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvnet"
)

// TestClosedListenerEndsServe: Serve returns as net/http's does, and connections go on until Shutdown.
func TestClosedListenerEndsServe(t *testing.T) {
	type server interface {
		Serve(net.Listener) error
		Shutdown(context.Context) error
	}
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for name, listen := range map[string]func() (net.Listener, error){
		"net":   func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") },
		"uvnet": func() (net.Listener, error) { return uvnet.Listen("tcp", "127.0.0.1:0") },
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range []server{&http.Server{Handler: ok}, &Server{Loops: 2, Handler: ok}} {
				ln, err := listen()
				uvtest.Check(t, err)
				served := make(chan error, 1)
				go func() { served <- s.Serve(ln) }()
				c, in := dial(t, ln.Addr().String())
				ask := func() {
					fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
					answer200(t, in)
				}
				ask()
				uvtest.Check(t, ln.Close())
				err = <-served
				var op *net.OpError
				if !errors.Is(err, net.ErrClosed) || !errors.As(err, &op) || op.Op != "accept" || op.Addr.String() != ln.Addr().String() {
					t.Errorf("%T: Serve: %v", s, err)
				}
				if c, err := net.Dial("tcp", ln.Addr().String()); err == nil {
					c.Close()
					t.Errorf("%T: somebody listens", s)
				}
				ask()
				uvtest.Check(t, s.Shutdown(context.Background()))
				_, err = in.ReadByte()
				uvtest.IsErr(t, "Read", err, io.EOF)
			}
		})
	}
}

// TestClosedListenerEndsLoops: when the last connection has gone, nothing of the server is left, without Shutdown.
func TestClosedListenerEndsLoops(t *testing.T) {
	s := &Server{Loops: 2, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	c, in := dial(t, ln.Addr().String())
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	answer200(t, in)
	s.mu.Lock()
	e := s.all()[0]
	s.mu.Unlock()
	uvtest.Check(t, ln.Close())
	uvtest.IsErr(t, "Serve", <-served, net.ErrClosed)
	c.Close()
	<-e.inner.ConnsClosed()
	for left := 1; left > 0; runtime.Gosched() {
		s.mu.Lock()
		left = len(s.engines)
		s.mu.Unlock()
	}
}

// TestShutdownLeavesHijackersAlone: it waits for no handler that has its connection for itself, and neither does Close.
func TestShutdownLeavesHijackersAlone(t *testing.T) {
	for name, end := range map[string]func(s *Server) error{
		"Shutdown": func(s *Server) error { return s.Shutdown(context.Background()) },
		"Close":    (*Server).Close,
	} {
		t.Run(name, func(t *testing.T) {
			modes(t, func(t *testing.T, s *Server) {
				hijacked, said, returned := make(chan struct{}), make(chan error, 1), make(chan struct{})
				s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/slow" { // Shutdown waits for this one
						time.Sleep(20 * time.Millisecond)
						return
					}
					defer close(returned)
					c, _, err := http.NewResponseController(w).Hijack()
					uvtest.Check(t, err)
					defer c.Close()
					close(hijacked)
					_, err = io.Copy(c, c)
					said <- err
				})
				ln, err := net.Listen("tcp", "127.0.0.1:0")
				uvtest.Check(t, err)
				served := make(chan error, 1)
				go func() { served <- s.Serve(ln) }()
				c, in := dial(t, ln.Addr().String())
				fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				<-hijacked
				other, slow := dial(t, ln.Addr().String())
				fmt.Fprint(other, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
				if name == "Shutdown" {
					ended := make(chan error)
					go func() { ended <- end(s) }()
					answer200(t, slow)
					uvtest.Check(t, <-ended)
				} else {
					uvtest.Check(t, end(s))
				}
				uvtest.IsErr(t, "Serve", <-served, http.ErrServerClosed)
				for range 3 { // it is the handler's still
					fmt.Fprintln(c, "hello")
					if line, err := in.ReadString('\n'); line != "hello\n" || err != nil {
						t.Errorf("%q, %v", line, err)
					}
				}
				c.Close()
				<-returned
				uvtest.Check(t, <-said)
				s.mu.Lock()
				e := s.all()[0]
				s.mu.Unlock()
				_ = e.inner.Shutdown(context.Background()) // waits for the loops
			})
		})
	}
}
