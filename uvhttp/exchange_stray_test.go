package uvhttp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// dial connects to a server, for a request by hand.
func dial(t testing.TB, addr string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	uvtest.Check(t, err)
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	return c, bufio.NewReader(c)
}

func answer200(t testing.TB, in *bufio.Reader) string {
	t.Helper()
	r, err := http.ReadResponse(in, nil)
	uvtest.Check(t, err)
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	uvtest.Check(t, err)
	return string(b)
}

// TestStrayReader: a goroutine that reads the body ends with its handler, as of a proxy whose backend has answered early. It
// does not take the wake-up of the next request's reader.
func TestStrayReader(t *testing.T) {
	modes(t, func(t *testing.T, s *Server) {
		for _, closes := range []bool{false, true} {
			read := make(chan error, 1)
			s := &Server{Inline: s.Inline, Loops: 1, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/early" {
					begun := make(chan struct{})
					go func() {
						close(begun)
						_, err := r.Body.Read(make([]byte, 10))
						read <- err
					}()
					<-begun
					runtime.Gosched()
					time.Sleep(5 * time.Millisecond) // most probably it waits now: else the test finds nothing
					if closes {
						r.Body.Close()
						uvtest.IsErr(t, "Read", <-read, http.ErrBodyReadAfterClose)
					}
					return
				}
				b, err := io.ReadAll(r.Body)
				fmt.Fprintf(w, "%s %v", b, err)
			})}
			c, in := dial(t, start(t, s))
			fmt.Fprint(c, "POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
			answer200(t, in)
			if !closes {
				uvtest.IsErr(t, "Read", <-read, http.ErrBodyReadAfterClose)
			}
			fmt.Fprint(c, "hello")
			fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12")
			time.Sleep(20 * time.Millisecond)
			fmt.Fprint(c, "345")
			if got := answer200(t, in); got != "12345 <nil>" {
				t.Errorf("%q", got)
			}
		}
	})
}

// TestStrayWriter: a goroutine that writes when its handler returns gets an error.
func TestStrayWriter(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	uvtest.Check(t, os.WriteFile(file, make([]byte, 20<<20), 0o600))
	modes(t, func(t *testing.T, s *Server) {
		for _, how := range []string{"write", "file", "late"} {
			wrote := make(chan error, 1)
			returned := make(chan struct{})
			s := &Server{Inline: s.Inline, Loops: 1, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", fmt.Sprint(20<<20))
				w.Header().Set("Content-Type", "x/y")
				go func() {
					var err error
					switch how {
					case "write":
						_, err = w.Write(make([]byte, 20<<20))
					case "late":
						<-returned
						fallthrough
					default:
						f := uvtest.Must(os.Open(file))
						defer f.Close()
						_, err = io.Copy(w, f)
					}
					wrote <- err
				}()
				time.Sleep(50 * time.Millisecond) // most probably it waits now: else the test finds nothing
			})}
			addr := start(t, s)
			c, in := dial(t, addr)
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			if how == "late" {
				_, _ = io.Copy(io.Discard, in)
				close(returned)
			}
			if err := <-wrote; err == nil {
				t.Errorf("%s: no error", how)
			}
			c.Close()
		}
	})
}

// TestPipelinedFlood: requests that come faster than their handlers are not kept without bound.
func TestPipelinedFlood(t *testing.T) {
	for _, mode := range []Inline{Auto, Never} {
		kept := make(chan int, 1)
		s := &Server{Inline: mode, Loops: 1, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ex := w.(*exchange)
			time.Sleep(time.Millisecond)
			ex.c.mu.Lock()
			n := len(ex.c.input())
			ex.c.mu.Unlock()
			select {
			case most := <-kept:
				kept <- max(n, most)
			case kept <- n:
			}
		})}
		c, in := dial(t, start(t, s))
		go func() {
			request := []byte(strings.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 1000))
			for {
				if _, err := c.Write(request); err != nil {
					return
				}
			}
		}()
		for range 500 {
			answer200(t, in)
		}
		c.Close()
		if n := <-kept; n > 4*inputMax {
			t.Errorf("%d bytes of pipelined requests are kept", n)
		}
	}
}

// TestHalfClosedWithBodyLeft: a client that ends its side in the middle of a body is not waited for behind the answer.
func TestHalfClosedWithBodyLeft(t *testing.T) {
	modes(t, func(t *testing.T, s *Server) {
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "hi")
			uvtest.Expect(t, http.NewResponseController(w).Flush())
			<-r.Context().Done()
		})
		c, in := dial(t, start(t, s))
		fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n12345")
		uvtest.Check(t, c.(*net.TCPConn).CloseWrite())
		_, err := io.Copy(io.Discard, in)
		uvtest.Expect(t, err)
	})
}

// TestHandlersThatOutliveTheLoop: their goroutines end, all of them. TestMain looks.
func TestHandlersThatOutliveTheLoop(t *testing.T) {
	release, begun := make(chan struct{}), make(chan struct{})
	s := &Server{Inline: Never, Loops: 1, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		begun <- struct{}{}
		<-release
	})}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	for range 10 {
		c, _ := dial(t, ln.Addr().String())
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		<-begun
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	uvtest.IsErr(t, "Serve", <-served, http.ErrServerClosed)
	close(release)
}

// TestShutdownWhileServeBegins: Serve returns ErrServerClosed whenever Shutdown comes.
func TestShutdownWhileServeBegins(t *testing.T) {
	for i := range 100 {
		s := &Server{Loops: 1}
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		uvtest.Check(t, err)
		served := make(chan error, 1)
		go func() { served <- s.Serve(ln) }()
		for range i % 10 {
			runtime.Gosched()
		}
		uvtest.Expect(t, s.Shutdown(context.Background()))
		uvtest.IsErr(t, "Serve", <-served, http.ErrServerClosed)
	}
}

// TestWriteDeadlineBeforeSendfile: a client that does not read what precedes a file does not hold its handler for ever.
func TestWriteDeadlineBeforeSendfile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	uvtest.Check(t, os.WriteFile(file, nil, 0o600))
	uvtest.Check(t, os.Truncate(file, 64<<20)) // more than the kernel would take, if a loop that was late had it take what precedes
	modes(t, func(t *testing.T, s *Server) {
		result := make(chan error, 1)
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(100<<20))
			w.Header().Set("Content-Type", "x/y")
			rc := http.NewResponseController(w)
			f := uvtest.Must(os.Open(file))
			defer f.Close()
			ex := w.(*exchange)
			for unsent := 0; unsent < 128<<10; { // the kernel takes no more
				uvtest.Must(w.Write(make([]byte, 64<<10)))
				uvtest.Expect(t, rc.Flush())
				time.Sleep(20 * time.Millisecond)
				ex.c.mu.Lock()
				unsent = ex.c.queued + ex.c.inFlight
				ex.c.mu.Unlock()
			}
			uvtest.Expect(t, rc.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
			_, err := io.Copy(w, f)
			result <- err
		})
		c, _ := dial(t, start(t, s))
		uvtest.Check(t, c.(*net.TCPConn).SetReadBuffer(4096))
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		uvtest.IsErr(t, "io.Copy", <-result, os.ErrDeadlineExceeded)
	})
}

// TestStatesAreToldOnce: a head that comes in pieces makes a connection active once.
func TestStatesAreToldOnce(t *testing.T) {
	var states []string
	s := &Server{Loops: 1, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	s.ConnState = func(_ net.Conn, state http.ConnState) { states = append(states, state.String()) }
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	c, in := dial(t, ln.Addr().String())
	for range 2 {
		for _, b := range []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n") {
			c.Write([]byte{b})
			time.Sleep(time.Millisecond)
		}
		answer200(t, in)
	}
	stop(t, s, served)
	if got := strings.Join(states, " "); got != "new active idle active idle closed" {
		t.Error(got)
	}
}

// TestDeadlineBehindTheEnd: a deadline that a handler sets when its client has gone does nothing.
func TestDeadlineBehindTheEnd(t *testing.T) {
	modes(t, func(t *testing.T, s *Server) {
		panics := make(chan string, 100)
		s.ErrorLog = log.New(chanWriter(panics), "", 0)
		returned := make(chan struct{})
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/wait" {
				time.Sleep(300 * time.Millisecond) // longer than the deadline and the ring's grain
				return
			}
			<-r.Context().Done()
			time.Sleep(20 * time.Millisecond) // the connection has ended most probably
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
			time.Sleep(10 * time.Millisecond) // the loop sees it
			close(returned)
		})
		addr := start(t, s)
		c, _ := dial(t, addr)
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		time.Sleep(10 * time.Millisecond)
		uvtest.Check(t, c.(*net.TCPConn).SetLinger(0))
		c.Close()
		<-returned
		get(t, client(t), "http://"+addr+"/wait")
		select {
		case line := <-panics:
			t.Error(line)
		default:
		}
	})
}

type chanWriter chan string

func (w chanWriter) Write(p []byte) (int, error) {
	w <- string(p)
	return len(p), nil
}
