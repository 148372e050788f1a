package uvhttp

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestServeReturnsBehindItsListener: when Serve has returned, others may listen at its address, however it was ended.
func TestServeReturnsBehindItsListener(t *testing.T) {
	for name, end := range map[string]func(s *Server) error{
		"Shutdown": func(s *Server) error { return s.Shutdown(context.Background()) },
		"Close":    (*Server).Close,
	} {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				s := &Server{Loops: 2, Handler: http.NotFoundHandler()}
				ln, err := net.Listen("tcp", "127.0.0.1:0")
				uvtest.Check(t, err)
				served := make(chan error, 1)
				go func() { served <- s.Serve(ln) }()
				get(t, client(t), "http://"+ln.Addr().String())
				ended := make(chan error, 1)
				go func() { ended <- end(s) }()
				uvtest.IsErr(t, "Serve", <-served, http.ErrServerClosed)
				again, err := net.Listen("tcp", ln.Addr().String())
				if err != nil {
					t.Errorf("Listen behind Serve: %v", err)
				} else {
					again.Close()
				}
				uvtest.Check(t, <-ended)
			}
		})
	}
}

// TestBaseContextGetsTheAddress: also from ListenAndServe, which has no listener to give.
func TestBaseContextGetsTheAddress(t *testing.T) {
	addr := make(chan net.Addr, 1)
	type key struct{}
	s := &Server{
		Addr: "127.0.0.1:0", Loops: 1,
		BaseContext: func(l net.Listener) context.Context {
			if _, err := l.Accept(); err == nil {
				t.Error("Accept works")
			}
			addr <- l.Addr()
			return context.WithValue(context.Background(), key{}, "base")
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, r.Context().Value(key{}).(string))
		}),
	}
	served := make(chan error, 1)
	go func() { served <- s.ListenAndServe() }()
	t.Cleanup(func() { stop(t, s, served) })
	if got := get(t, client(t), "http://"+(<-addr).String()); got != "base" {
		t.Errorf("%q", got)
	}
}

// TestBodyBehindHijack: what of the body had not arrived is the hijacker's to read, from the connection.
func TestBodyBehindHijack(t *testing.T) {
	modes(t, func(t *testing.T, s *Server) {
		read := make(chan error, 2)
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			waiting := make(chan struct{})
			go func() { // may wait already
				close(waiting)
				_, err := r.Body.Read(make([]byte, 1))
				read <- err
			}()
			<-waiting
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			_, err = r.Body.Read(make([]byte, 1))
			read <- err
		})
		c, err := net.Dial("tcp", start(t, s))
		uvtest.Check(t, err)
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(30 * time.Second))
		_, err = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nContent-Length: 5\r\n\r\n")
		uvtest.Check(t, err)
		for range 2 {
			if err := <-read; !errors.Is(err, http.ErrHijacked) {
				t.Errorf("Read: %v", err)
			}
		}
	})
}
