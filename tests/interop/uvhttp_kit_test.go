package interop

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvhttp"
)

// A webServer is a running uvhttp.Server. Its site has a client, and no server of package httptest.
type webServer struct {
	*site
	srv *uvhttp.Server
	ca  string // the file of the authority to trust, if it serves HTTPS

	mu     sync.Mutex
	protos map[string]int // how many requests of each version there were
	down   sync.Once
}

// openUvhttp serves h with uvhttp on a loopback port, by HTTPS if secured.
func openUvhttp(t testing.TB, secured bool, h http.Handler) *webServer {
	t.Helper()
	uvtest.Watchdog(t, hang)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	var peers sync.Map // by address, for HTTP/2 makes a net.Conn of its own
	w := &webServer{protos: make(map[string]int)}
	tr := &http.Transport{ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 100}
	w.site = &site{Server: &httptest.Server{URL: "http://" + ln.Addr().String(), Listener: ln}, client: &http.Client{Transport: tr}}
	w.srv = &uvhttp.Server{
		Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			w.mu.Lock()
			w.protos[r.Proto]++
			w.mu.Unlock()
			h.ServeHTTP(rw, r)
		}),
		ConnState: func(c net.Conn, state http.ConnState) {
			peer := c.RemoteAddr().String()
			if state == http.StateClosed {
				peers.Delete(peer)
			} else if _, known := peers.LoadOrStore(peer, true); state == http.StateNew && !known {
				w.conns.Add(1)
			}
		},
		ErrorLog: log.New(io.Discard, "", 0), // clients leave in the middle of answers
	}
	serve := func() error { return w.srv.Serve(ln) }
	if secured {
		a := uvtest.NewAuthority(t)
		tr.TLSClientConfig = a.ClientConfig()
		w.URL = "https://" + ln.Addr().String()
		w.ca = filepath.Join(t.TempDir(), "ca.pem")
		uvtest.Check(t, os.WriteFile(w.ca, a.PEM(), 0o600))
		w.srv.TLSConfig = a.ServerConfig(t)
		serve = func() error { return w.srv.ServeTLS(ln, "", "") }
	}
	served := make(chan error, 1)
	go func() { served <- serve() }()
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		w.close(t)
		if err := await(t, "the end of Serve", served); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	})
	return w
}

// close shuts the server down, which no connection may hold up.
func (w *webServer) close(t testing.TB) {
	w.down.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), maxWait)
		defer cancel()
		if err := w.srv.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
}

// seen tells how many requests of a version there were.
func (w *webServer) seen(proto string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.protos[proto]
}

// clientTLS is how a client trusts the server; nil: it serves HTTP.
func (w *webServer) clientTLS() *tls.Config {
	c := w.client.Transport.(*http.Transport).TLSClientConfig
	if c == nil {
		return nil
	}
	c = c.Clone()
	c.NextProtos = nil
	return c
}

// dial connects to the server, with TLS if it serves HTTPS.
func (w *webServer) dial(t testing.TB) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", w.addr())
	uvtest.Check(t, err)
	if config := w.clientTLS(); config != nil {
		c = tls.Client(c, config)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// clientsMux answers what the tests of real clients ask for. The file is in dir.
func clientsMux(t testing.TB, dir string) (mux *http.ServeMux, left chan error) {
	mux, left = http.NewServeMux(), make(chan error, 1)
	mux.HandleFunc("/hello/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "hello over %s\n", r.Proto) })
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("X-Length", fmt.Sprint(r.ContentLength))
		w.Header().Set("Content-Length", fmt.Sprint(len(body))) // HTTP/1.0 keeps the connection for that
		_, _ = w.Write(body)
	})
	mux.HandleFunc("/refuse", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusRequestEntityTooLarge)
	})
	mux.HandleFunc("/lines", func(w http.ResponseWriter, _ *http.Request) {
		for i := range 100 {
			fmt.Fprintln(w, "line", i)
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		}
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, err := fmt.Fprintln(w, strings.Repeat("on and on ", 1000))
			if err != nil {
				break
			}
		}
		<-r.Context().Done()
		left <- r.Context().Err()
	})
	mux.HandleFunc("/held", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "begun")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		<-r.Context().Done()
		left <- r.Context().Err()
	})
	mux.Handle("/", http.FileServer(http.Dir(dir)))
	return mux, left
}

// contentFile writes n bytes into a file of a new directory, with a date in the past.
func contentFile(t testing.TB, n int64) (dir string, data []byte) {
	t.Helper()
	data, err := io.ReadAll(newContent(n))
	uvtest.Check(t, err)
	dir = t.TempDir()
	path := filepath.Join(dir, "file")
	uvtest.Check(t, os.WriteFile(path, data, 0o600))
	past := time.Now().Add(-time.Hour)
	uvtest.Check(t, os.Chtimes(path, past, past))
	return dir, data
}

// same reports whether a client got the right bytes.
func same(t testing.TB, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s: %d bytes, want %d, or others", what, len(got), len(want))
	}
}
