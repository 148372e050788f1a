package uvhttp_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvhttp"
)

// A guard lets every second connection in.
type guard struct {
	*net.TCPListener
	accepted atomic.Int32
}

func (g *guard) Accept() (net.Conn, error) {
	for {
		c, err := g.TCPListener.Accept()
		if err != nil || g.accepted.Add(1)%2 == 0 {
			return c, err
		}
		c.Close()
	}
}

// TestServeHeedsAcceptOfAnEmbeddingListener: a type that embeds a listener has its socket, too, but chooses connections itself.
func TestServeHeedsAcceptOfAnEmbeddingListener(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	g := &guard{TCPListener: uvtest.Must(net.Listen("tcp", "127.0.0.1:0")).(*net.TCPListener)}
	s := &uvhttp.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "secret") })}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(g) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for i := range 4 {
		resp, err := client.Get("http://" + g.Addr().String())
		if err == nil {
			resp.Body.Close()
		}
		if in := i%2 == 1; in != (err == nil) {
			t.Errorf("connection %d: %v", i, err)
		}
	}
	uvtest.Check(t, s.Close())
	if err := <-ended; err != http.ErrServerClosed {
		t.Error(err)
	}
}

// TestFileLongerThanContentLength: the client gets what was promised, and the handler an error, for files that are sent by sendfile.
func TestFileLongerThanContentLength(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	name := filepath.Join(t.TempDir(), "log")
	uvtest.Check(t, os.WriteFile(name, make([]byte, 200<<10), 0o600))
	for _, length := range []int{0, 1, 1000, 32 << 10, 100 << 10, 200<<10 - 1} {
		for _, typ := range []string{"", "x/y"} {
			if typ == "" && length == 1 { // the first 512 bytes, which tell the type, are written as a piece
				continue
			}
			copied := make(chan error, 1)
			s := &uvhttp.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				f := uvtest.Must(os.Open(name))
				defer f.Close()
				if typ != "" {
					w.Header().Set("Content-Type", typ)
				}
				w.Header().Set("Content-Length", strconv.Itoa(length))
				n, err := io.Copy(w, f)
				if n > int64(length) {
					t.Errorf("%d of %d bytes were taken", n, length)
				}
				copied <- err
			})}
			l := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
			ended := make(chan error, 1)
			go func() { ended <- s.Serve(l) }()
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			resp, err := client.Get("http://" + l.Addr().String())
			uvtest.Check(t, err)
			if b, err := io.ReadAll(resp.Body); err != nil || len(b) != length {
				t.Errorf("%d bytes promised as %q: %d bytes, %v", length, typ, len(b), err)
			}
			resp.Body.Close()
			if err := <-copied; err != http.ErrContentLength {
				t.Errorf("%d bytes promised as %q: io.Copy: %v", length, typ, err)
			}
			uvtest.Check(t, s.Close())
			<-ended
		}
	}
}

// TestNothingIsInFlightBehindClose: handlers that return when the loop has ended count as those before.
func TestNothingIsInFlightBehindClose(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	for round := range 60 {
		inFlightBehindClose(t, round%2 == 0)
	}
}

// inFlightBehindClose closes a server while three handlers run, which return behind that or at the same time.
func inFlightBehindClose(t *testing.T, behind bool) {
	in, release, out := make(chan struct{}), make(chan struct{}), make(chan struct{}, 3)
	s := &uvhttp.Server{Inline: uvhttp.Never, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		in <- struct{}{}
		<-release
		out <- struct{}{}
	})}
	l := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	for range 3 {
		c := uvtest.Must(net.Dial("tcp", l.Addr().String()))
		defer c.Close()
		uvtest.Must(io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
		<-in
	}
	if n := s.Stats().InFlight; n != 3 {
		t.Errorf("%d in flight, not 3", n)
	}
	if !behind {
		close(release)
	}
	uvtest.Check(t, s.Close())
	<-ended
	if behind {
		close(release)
	}
	for range 3 {
		<-out
	}
	uvtest.Eventually(t, "none in flight", func() bool { s := s.Stats(); return s.InFlight == 0 && s.Requests[2]+s.Requests[0] == 3 })
}
