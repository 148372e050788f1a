package http

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/smuggling"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uvhttp"
)

// A witness notes which requests reach a server's handler, by the client's address.
type witness struct {
	mu    sync.Mutex
	paths map[string][]string
	inner map[string][]string // what the bodies were
}

func newWitness() *witness {
	return &witness{paths: make(map[string][]string), inner: make(map[string][]string)}
}

func (w *witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.paths[r.RemoteAddr] = append(w.paths[r.RemoteAddr], r.URL.Path)
	w.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		rw.Header().Set("X-Body", "bad")
	}
	w.mu.Lock()
	w.inner[r.RemoteAddr] = append(w.inner[r.RemoteAddr], string(body))
	w.mu.Unlock()
}

// of returns the paths and the bodies of a client.
func (w *witness) of(client string) (paths, bodies []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.paths[client]), slices.Clone(w.inner[client])
}

// afterwards is the honest request that follows an attack: by then the connection must be closed.
const afterwards = "GET /afterwards HTTP/1.1\r\nHost: a\r\n\r\n"

// TestSmuggledRequestsAreRefused sends each attack, and an honest request behind it. The server refuses and closes; neither the
// smuggled request nor the honest one reaches the handler.
func TestSmuggledRequestsAreRefused(t *testing.T) {
	requests := smuggling.Requests()
	if len(requests) < 80 {
		t.Fatalf("there are only %d attacks", len(requests))
	}
	eachInline(t, func(t *testing.T, s *uvhttp.Server) {
		seen := newWitness()
		h := startHost(t, s, seen.ServeHTTP)
		var wg sync.WaitGroup
		for _, r := range requests {
			for way, split := range map[string]splitter{"whole": whole, "bytes": bytewise, "pieces": randomly(7)} {
				c := kit.Dial(t, h.addr)
				wg.Go(func() {
					_ = split(c, r.Bytes)
					_ = split(c, afterwards)
					statuses, err := refusals(c)
					paths, _ := seen.of(c.LocalAddr().String())
					where := fmt.Sprintf("%s: %s (%s) %q", r.Class, r.Name, way, r.Bytes)
					if err != nil {
						t.Errorf("%s: %v", where, err)
					}
					if slices.Contains(paths, smuggling.Smuggled) || slices.Contains(paths, "/afterwards") {
						t.Errorf("%s: the handler got %q", where, paths)
					}
					switch n := len(statuses); {
					case r.InBody && (n == 0 || statuses[n-1] != "200 bad"):
						t.Errorf("%s: the answers are %q, want one whose handler could not read the body", where, statuses)
					case !r.InBody && (n == 0 || statuses[n-1] != fmt.Sprint(r.Status, " ")):
						t.Errorf("%s: the answers are %q, want %d", where, statuses, r.Status)
					}
				})
			}
		}
		wg.Wait()
	})
}

// refusals reads answers until the server closes, and returns their statuses, and what the handler said of the body.
func refusals(c net.Conn) (statuses []string, err error) {
	c.SetReadDeadline(time.Now().Add(quiet))
	p := newPeer(c)
	for {
		r, end := readResponse(p.in, "POST", func() {})
		if r != nil {
			statuses = append(statuses, r.code()+" "+r.get("X-Body"))
		}
		if end == "silent" {
			return statuses, fmt.Errorf("the connection stays open behind %q", statuses)
		}
		if r == nil || end != "" || r.Cut != "" {
			return statuses, nil
		}
	}
}

// TestWhatOnlyLooksLikeSmugglingIsServed sends requests that look like attacks, but have one meaning.
func TestWhatOnlyLooksLikeSmugglingIsServed(t *testing.T) {
	eachInline(t, func(t *testing.T, s *uvhttp.Server) {
		seen := newWitness()
		h := startHost(t, s, seen.ServeHTTP)
		for _, a := range smuggling.Acceptable() {
			for _, split := range []splitter{whole, bytewise, randomly(7)} {
				p := dialHost(t, h.addr)
				_ = split(p.Conn, a.Bytes)
				for range a.Paths {
					if r, err := p.answer(); err != nil || r.code() != "200" {
						t.Errorf("%s: %v %v", a.Name, r, err)
						break
					}
				}
				p.ask(t, afterwards, "200")
				paths, bodies := seen.of(p.LocalAddr().String())
				if want := append(slices.Clone(a.Paths), "/afterwards"); !slices.Equal(paths, want) {
					t.Errorf("%s: the handler got %q, want %q", a.Name, paths, want)
				}
				if want := append(slices.Clone(a.Bodies), ""); !slices.Equal(bodies, want) {
					t.Errorf("%s: the bodies are %.100q, want %.100q", a.Name, strings.Join(bodies, "|"), strings.Join(want, "|"))
				}
			}
		}
	})
}
