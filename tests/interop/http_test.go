package interop

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// echo answers with the request's body.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(w, r.Body); err != nil {
		panic(http.ErrAbortHandler)
	}
})

func TestHTTPKeepAlive(t *testing.T) {
	crossed(t, func(t *testing.T, server, client stack) {
		s := open(t, server, client, echo)
		for i := range 100 {
			text := fmt.Sprint("request ", i)
			if _, got := s.body(t, s.request(t, "POST", "/", strings.NewReader(text))); got != text {
				t.Fatalf("answer %q to %q", got, text)
			}
		}
		if n := s.conns.Load(); n != 1 {
			t.Errorf("100 requests took %d connections, want 1", n)
		}
	})
}

// TestHTTPIdleTimeout: the server ends an idle connection by its read deadline,
// and the client takes another one.
func TestHTTPIdleTimeout(t *testing.T) {
	crossed(t, func(t *testing.T, server, client stack) {
		s := open(t, server, client, echo, func(s *httptest.Server) { s.Config.IdleTimeout = 10 * time.Millisecond })
		c, err := client.dial(t.Context(), "tcp", s.addr())
		uvtest.Check(t, err)
		defer c.Close()
		_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		uvtest.Check(t, err)
		answer, err := io.ReadAll(c) // until the server closes
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200 ") {
			t.Errorf("%q, %v", answer, err)
		}
		s.body(t, s.request(t, "GET", "/", nil))
	})
}

// TestHTTPChunked: pieces of unknown number go back and forth, each sent when
// the one before has come back.
func TestHTTPChunked(t *testing.T) {
	crossed(t, func(t *testing.T, server, client stack) {
		s := open(t, server, client, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if len(r.TransferEncoding) != 1 || r.TransferEncoding[0] != "chunked" {
				t.Errorf("transfer encoding %v", r.TransferEncoding)
			}
			rc := http.NewResponseController(w)
			if err := rc.EnableFullDuplex(); err != nil {
				t.Error(err)
			}
			lines := bufio.NewScanner(r.Body)
			for lines.Scan() {
				fmt.Fprintln(w, lines.Text())
				if err := rc.Flush(); err != nil {
					t.Error(err)
				}
			}
		}))
		r, w := io.Pipe()
		defer w.Close()
		go fmt.Fprintln(w, "piece 0")
		resp, err := s.client.Do(s.request(t, "POST", "/", r))
		uvtest.Check(t, err)
		defer resp.Body.Close()
		lines := bufio.NewReader(resp.Body)
		for i := range 100 {
			want := fmt.Sprintln("piece", i)
			if got, err := lines.ReadString('\n'); got != want || err != nil {
				t.Fatalf("%q, %v; want %q", got, err, want)
			}
			if i < 99 {
				_, err := fmt.Fprintln(w, "piece", i+1)
				uvtest.Check(t, err)
			}
		}
		w.Close()
		if rest, err := io.ReadAll(lines); len(rest) > 0 || err != nil {
			t.Errorf("at the end: %q, %v", rest, err)
		}
	})
}

// TestHTTPContinue: the body is sent when the server asks for it, and never
// when it refuses.
func TestHTTPContinue(t *testing.T) {
	crossed(t, func(t *testing.T, server, client stack) {
		s := open(t, server, client, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/refuse" {
				w.WriteHeader(http.StatusExpectationFailed)
				return
			}
			echo(w, r)
		}))
		s.client.Transport.(*http.Transport).ExpectContinueTimeout = time.Hour
		for _, path := range []string{"/ask", "/refuse"} {
			var asked, early atomic.Bool
			text := strings.NewReader("body")
			body := reader(func(p []byte) (int, error) {
				if !asked.Load() {
					early.Store(true)
				}
				return text.Read(p)
			})
			req := s.request(t, "POST", path, body)
			req.ContentLength = 4
			req.Header.Set("Expect", "100-continue")
			req = req.WithContext(httptrace.WithClientTrace(req.Context(),
				&httptrace.ClientTrace{Got100Continue: func() { asked.Store(true) }}))
			resp, got := s.body(t, req)
			if early.Load() {
				t.Errorf("%s: the body left before it was asked for", path)
			}
			switch {
			case path == "/ask" && (resp.StatusCode != http.StatusOK || got != "body" || !asked.Load()):
				t.Errorf("%s: %s %q", path, resp.Status, got)
			case path == "/refuse" && (resp.StatusCode != http.StatusExpectationFailed || asked.Load()):
				t.Errorf("%s: %s, asked for the body: %v", path, resp.Status, asked.Load())
			}
		}
	})
}

// reader makes an io.Reader of a function.
type reader func(p []byte) (int, error)

func (r reader) Read(p []byte) (int, error) { return r(p) }

// TestHTTPHijack: the server takes over a connection that has sent more than
// its request, half-closes it, and still hears the client.
func TestHTTPHijack(t *testing.T) {
	crossed(t, func(t *testing.T, server, client stack) {
		heard := make(chan string, 1)
		s := open(t, server, client, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if err := c.SetDeadline(time.Time{}); err != nil {
				t.Error(err)
			}
			line, _ := rw.ReadString('\n')
			fmt.Fprintf(rw, "heard %s", line)
			if err := rw.Flush(); err != nil {
				t.Error(err)
			}
			if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
				t.Error(err)
			}
			rest, err := io.ReadAll(rw)
			heard <- fmt.Sprint(string(rest), err)
		}))
		c, err := client.dial(t.Context(), "tcp", s.addr())
		uvtest.Check(t, err)
		defer c.Close()
		_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nright away\n")
		uvtest.Check(t, err)
		if got, err := io.ReadAll(c); string(got) != "heard right away\n" || err != nil {
			t.Fatalf("%q, %v", got, err)
		}
		_, err = io.WriteString(c, "after your end")
		uvtest.Check(t, err)
		uvtest.Check(t, c.(interface{ CloseWrite() error }).CloseWrite())
		if got := await(t, "the rest", heard); got != "after your end<nil>" {
			t.Error(got)
		}
	})
}

func TestHTTPTrailers(t *testing.T) {
	crossed(t, func(t *testing.T, server, client stack) {
		for _, opts := range [][]siteOption{nil, {withHTTP2(10)}} {
			s := open(t, server, client, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Trailer", "Sum")
				echo(w, r)
				w.Header().Set("Sum", "of "+r.Trailer.Get("Count"))
				w.Header().Set(http.TrailerPrefix+"Late", "unannounced")
			}), opts...)
			var req *http.Request
			req = s.request(t, "POST", "/", io.MultiReader(strings.NewReader("body"), reader(func([]byte) (int, error) {
				req.Trailer.Set("Count", "4")
				return 0, io.EOF
			})))
			req.Trailer = http.Header{"Count": nil}
			resp, got := s.body(t, req)
			if got != "body" || resp.Trailer.Get("Sum") != "of 4" || resp.Trailer.Get("Late") != "unannounced" {
				t.Errorf("%s: %q with %v", resp.Proto, got, resp.Trailer)
			}
		}
	})
}

// TestHTTPDisconnect: a handler that neither reads nor writes learns that its
// client has gone.
func TestHTTPDisconnect(t *testing.T) {
	crossed(t, func(t *testing.T, server, client stack) {
		entered, left := make(chan bool, 1), make(chan error, 1)
		s := open(t, server, client, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			entered <- true
			<-r.Context().Done()
			left <- r.Context().Err()
		}))
		for _, reset := range []bool{false, true} {
			c, err := client.dial(t.Context(), "tcp", s.addr())
			uvtest.Check(t, err)
			_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			uvtest.Check(t, err)
			await(t, "request", entered)
			if reset {
				uvtest.Check(t, c.(interface{ SetLinger(int) error }).SetLinger(0))
			}
			uvtest.Check(t, c.Close())
			if err := await(t, "the end of the request's context", left); err != context.Canceled {
				t.Error(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context()) // and by the Transport
		go func() {
			<-entered
			cancel()
		}()
		if _, err := s.client.Do(s.request(t, "GET", "/", nil).WithContext(ctx)); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		await(t, "the end of the request's context", left)
	})
}

// TestHTTPShutdown: requests under way are answered, idle connections end, and
// nobody can connect any more.
func TestHTTPShutdown(t *testing.T) {
	crossed(t, func(t *testing.T, server, client stack) {
		entered, finish := make(chan bool), make(chan bool)
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				entered <- true
				<-finish
			}
			echo(w, r)
		})}
		ln, err := server.listen("tcp", "127.0.0.1:0")
		uvtest.Check(t, err)
		served := make(chan error, 1)
		go func() { served <- srv.Serve(ln) }()
		tr := &http.Transport{DialContext: client.dial}
		defer tr.CloseIdleConnections()
		url := "http://" + ln.Addr().String()

		idle, err := client.dial(t.Context(), "tcp", ln.Addr().String())
		uvtest.Check(t, err)
		defer idle.Close()
		_, err = io.WriteString(idle, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		uvtest.Check(t, err)
		buffered := bufio.NewReader(idle)
		resp, err := http.ReadResponse(buffered, nil)
		uvtest.Check(t, err)
		_, err = io.Copy(io.Discard, resp.Body)
		uvtest.Check(t, err)

		answered := make(chan error, 1)
		go func() {
			resp, err := (&http.Client{Transport: tr}).Post(url+"/slow", "text/plain", strings.NewReader("text"))
			if err == nil {
				var body []byte
				if body, err = io.ReadAll(resp.Body); string(body) != "text" {
					err = fmt.Errorf("%q, %v", body, err)
				}
				resp.Body.Close()
			}
			answered <- err
		}()
		await(t, "the slow request", entered)
		down := make(chan error, 1)
		go func() { down <- srv.Shutdown(t.Context()) }()
		if err := await(t, "Serve", served); err != http.ErrServerClosed {
			t.Error(err)
		}
		if _, err := buffered.ReadByte(); err != io.EOF {
			t.Errorf("the idle connection: %v, want EOF", err)
		}
		if c, err := client.dial(t.Context(), "tcp", ln.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dialing a server that is shut down: %v", err)
			if err == nil {
				c.Close()
			}
		}
		select {
		case err := <-down:
			t.Errorf("Shutdown did not wait for the slow request: %v", err)
		default:
		}
		close(finish)
		uvtest.Check(t, await(t, "the slow answer", answered))
		uvtest.Check(t, await(t, "Shutdown", down))
		var opErr *net.OpError
		if err := ln.Close(); !errors.As(err, &opErr) || !errors.Is(err, net.ErrClosed) {
			t.Errorf("closing the listener again: %v", err)
		}
	})
}
