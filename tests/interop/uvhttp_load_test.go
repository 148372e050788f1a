package interop

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// greeting answers with a few bytes.
var greeting = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte("Hello, World!"))
})

func TestUvhttpUnderWrk(t *testing.T) {
	s := openUvhttp(t, false, greeting)
	for _, n := range loads() {
		wrk(t, s.addr(), n, func() uint64 { return uint64(s.seen("HTTP/1.1")) })
	}
}

// TestUvhttpUnderH2load: HTTP/1.1, where h2load pipelines its streams, and HTTP/2 by either way.
func TestUvhttpUnderH2load(t *testing.T) {
	requests := int(size(20_000, 5_000))
	for _, how := range []struct {
		secured      bool
		proto, shown string
		args         []string
	}{
		{false, "HTTP/1.1", "http/1.1", []string{"--h1"}},
		{true, "HTTP/1.1", "http/1.1", []string{"--h1"}},
		{false, "HTTP/2.0", "h2c", nil},
		{true, "HTTP/2.0", "h2", nil},
	} {
		t.Run(fmt.Sprintf("tls=%v,%s", how.secured, how.proto), func(t *testing.T) {
			s := openUvhttp(t, how.secured, greeting)
			for _, load := range []struct{ conns, streams int }{{1, 100}, {100, 10}} {
				before := s.seen(how.proto)
				h2load(t, how.shown, requests, load.conns, load.streams, append(how.args, s.URL)...)
				if n := s.seen(how.proto) - before; n != requests {
					t.Errorf("%d requests of %s, want %d", n, how.proto, requests)
				}
			}
		})
	}
}

// TestUvhttpUnderAb: ab speaks HTTP/1.0, with one request to a connection or, by Keep-Alive, with all.
func TestUvhttpUnderAb(t *testing.T) {
	body := filepath.Join(t.TempDir(), "body")
	uvtest.Check(t, os.WriteFile(body, unequal[:20_011], 0o600))
	requests := int(size(1_000, 500))
	for _, secured := range []bool{false, true} {
		for _, keepAlive := range []bool{false, true} {
			for _, post := range []bool{false, true} {
				t.Run(fmt.Sprintf("tls=%v,keep-alive=%v,post=%v", secured, keepAlive, post), func(t *testing.T) {
					mux, _ := clientsMux(t, t.TempDir())
					s := openUvhttp(t, secured, mux)
					args, url := []string{"-q", "-n", strconv.Itoa(requests), "-c", "50"}, s.URL+"/hello/"
					if keepAlive {
						args = append(args, "-k")
					}
					if post {
						args, url = append(args, "-p", body, "-T", "text/plain"), s.URL+"/echo"
					}
					out := tool(t, "ab", append(args, url)...)
					count := func(what string) int { return numbers(t, out, regexp.QuoteMeta(what)+`:\s+(\d+)`)[0] }
					if ok, bad := count("Complete requests"), count("Failed requests"); ok != requests || bad != 0 || strings.Contains(out, "Non-2xx") {
						t.Errorf("%d answers, %d failed:\n%s", ok, bad, out)
					}
					if keepAlive && count("Keep-Alive requests") != requests {
						t.Errorf("not every connection stayed open:\n%s", out)
					}
					conns := int(s.conns.Load())
					if keepAlive && conns > 50 || !keepAlive && conns < requests {
						t.Errorf("%d connections for %d requests", conns, requests)
					}
				})
			}
		}
	}
}
