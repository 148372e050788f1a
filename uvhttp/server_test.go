package uvhttp

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// start serves h, and returns where. The server ends with the test.
func start(t testing.TB, s *Server) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	t.Cleanup(func() { stop(t, s, served) })
	return ln.Addr().String()
}

// stop ends a server gracefully.
func stop(t testing.TB, s *Server, served chan error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	uvtest.Expect(t, s.Shutdown(ctx))
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve: %v", err)
	}
}

// client is a client whose connections end with the test.
func client(t testing.TB) *http.Client {
	tr := &http.Transport{MaxIdleConnsPerHost: 100}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// modes are all ways to run handlers.
func modes(t *testing.T, test func(t *testing.T, s *Server)) {
	for name, mode := range map[string]Inline{"auto": Auto, "always": Always, "never": Never} {
		t.Run(name, func(t *testing.T) { test(t, &Server{Inline: mode, Loops: 1}) })
	}
}

func get(t testing.TB, c *http.Client, url string) string {
	t.Helper()
	r, err := c.Get(url)
	uvtest.Check(t, err)
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	uvtest.Check(t, err)
	return string(b)
}

func TestHello(t *testing.T) {
	modes(t, func(t *testing.T, s *Server) {
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "hello %s", r.URL.Path) })
		addr := start(t, s)
		c := client(t)
		for i := range 10 {
			if got, want := get(t, c, fmt.Sprintf("http://%s/%d", addr, i)), fmt.Sprintf("hello /%d", i); got != want {
				t.Fatalf("%q, want %q", got, want)
			}
		}
	})
}

func TestBodiesOfAllSizes(t *testing.T) {
	modes(t, func(t *testing.T, s *Server) {
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := sha256.New()
			n, err := io.Copy(h, r.Body)
			if err != nil {
				t.Error(err)
			}
			fmt.Fprintf(w, "%d %x", n, h.Sum(nil))
		})
		addr := start(t, s)
		c := client(t)
		for _, chunked := range []bool{false, true} {
			for _, n := range []int{0, 1, 100, 4096, 65536, 1 << 20, 5 << 20} {
				p := uvtest.Pattern(n, 1)
				var body io.Reader = strings.NewReader(string(p))
				if chunked {
					body = io.MultiReader(body)
				}
				r, err := c.Post("http://"+addr, "x/y", body)
				uvtest.Check(t, err)
				got, err := io.ReadAll(r.Body)
				uvtest.Check(t, err)
				r.Body.Close()
				if want := fmt.Sprintf("%d %x", n, sha256.Sum256(p)); string(got) != want {
					t.Fatalf("%d bytes: %q, want %q", n, got, want)
				}
			}
		}
	})
}

func TestAnswersOfAllSizes(t *testing.T) {
	modes(t, func(t *testing.T, s *Server) {
		dir := t.TempDir()
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var n int
			fmt.Sscan(r.URL.Query().Get("n"), &n)
			switch r.URL.Path {
			case "/file":
				http.ServeFile(w, r, filepath.Join(dir, fmt.Sprint(n)))
			case "/length":
				w.Header().Set("Content-Length", fmt.Sprint(n))
				fallthrough
			default:
				w.Write(uvtest.Pattern(n, 1))
			}
		})
		addr := start(t, s)
		c := client(t)
		for _, n := range []int{0, 1, 2047, 2048, 2049, 65536, 1 << 20, 20 << 20} {
			uvtest.Check(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(n)), uvtest.Pattern(n, 1), 0o600))
			for _, path := range []string{"", "length", "file"} {
				got := get(t, c, fmt.Sprintf("http://%s/%s?n=%d", addr, path, n))
				if got != string(uvtest.Pattern(n, 1)) {
					t.Fatalf("%s %d: %d bytes that differ", path, n, len(got))
				}
			}
		}
	})
}

func TestPipelining(t *testing.T) {
	modes(t, func(t *testing.T, s *Server) {
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) })
		addr := start(t, s)
		c, err := net.Dial("tcp", addr)
		uvtest.Check(t, err)
		defer c.Close()
		const n = 1000
		go func() {
			for i := range n {
				fmt.Fprintf(c, "GET /%d HTTP/1.1\r\nHost: x\r\n\r\n", i)
			}
		}()
		in := bufio.NewReader(c)
		for i := range n {
			r, err := http.ReadResponse(in, nil)
			uvtest.Check(t, err)
			b, err := io.ReadAll(r.Body)
			uvtest.Check(t, err)
			uvtest.Check(t, r.Body.Close())
			if string(b) != fmt.Sprintf("/%d", i) {
				t.Fatalf("%d: %q", i, b)
			}
		}
	})
}

func TestSlowHandlersDoNotHoldUpOthers(t *testing.T) {
	for _, mode := range []Inline{Auto, Never} {
		release := make(chan struct{})
		s := &Server{Loops: 1, Inline: mode, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				<-release
			}
			fmt.Fprint(w, r.URL.Path)
		})}
		addr := start(t, s)
		c := client(t)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { get(t, c, "http://"+addr+"/slow") })
		}
		for range 100 {
			get(t, c, "http://"+addr+"/quick")
		}
		close(release)
		wg.Wait()
	}
}
