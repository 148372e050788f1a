package interop

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// secure is an HTTPS site on uvnet that greets with the protocol it speaks, and
// echoes what is sent to it. The file holds its certificate.
func secure(t *testing.T, streams int) (s *site, file string) {
	s = open(t, ofUvnet, ofUvnet, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			fmt.Fprintf(w, "hello over %s\n", r.Proto)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(body)
	}), withHTTP2(streams))
	file = filepath.Join(t.TempDir(), "cert.pem")
	uvtest.Check(t, os.WriteFile(file, pemOf(s.Certificate()), 0o600))
	return s, file
}

// TestCurl: curl checks the certificate, speaks either version, and gets back
// the file that it sends.
func TestCurl(t *testing.T) {
	uvtest.Watchdog(t, hang)
	s, cert := secure(t, 100)
	up := filepath.Join(t.TempDir(), "up")
	data, err := io.ReadAll(newContent(8 << 20))
	uvtest.Check(t, err)
	uvtest.Check(t, os.WriteFile(up, data, 0o600))
	for version, proto := range map[string]string{"--http1.1": "HTTP/1.1", "--http2": "HTTP/2.0"} {
		t.Run(version, func(t *testing.T) {
			common := []string{"-sSf", "--max-time", "60", version, "--cacert", cert}
			if got, want := tool(t, "curl", append(common, s.URL)...), "hello over "+proto+"\n"; got != want {
				t.Errorf("%q, want %q", got, want)
			}
			before := s.conns.Load()
			many := tool(t, "curl", append(common, s.URL+"/[1-50]")...)
			if n := strings.Count(many, "hello over "+proto+"\n"); n != 50 || s.conns.Load() != before+1 {
				t.Errorf("%d answers on %d connections, want 50 on 1", n, s.conns.Load()-before)
			}
			down := tool(t, "curl", append(common, "--data-binary", "@"+up, s.URL)...)
			if sha256.Sum256([]byte(down)) != sha256.Sum256(data) {
				t.Errorf("%d bytes came back, of %d, or others", len(down), len(data))
			}
		})
	}
}

// TestH2load: every request of h2load is answered with 200 on every stream.
func TestH2load(t *testing.T) {
	uvtest.Watchdog(t, hang)
	s, _ := secure(t, 1000)
	requests := int(size(20_000, 5_000))
	for _, load := range []struct{ conns, streams int }{{1, 1000}, {10, 100}, {100, 10}} {
		t.Run(fmt.Sprintf("conns=%d,streams=%d", load.conns, load.streams), func(t *testing.T) {
			h2load(t, "h2", requests, load.conns, load.streams, s.URL)
		})
	}
}

// h2load makes so many requests by a protocol, each of which must be answered with 200. The last arguments are the tool's.
func h2load(t *testing.T, proto string, requests, conns, streams int, args ...string) {
	t.Helper()
	args = append([]string{"-n", strconv.Itoa(requests), "-c", strconv.Itoa(conns), "-m", strconv.Itoa(streams)}, args...)
	out := tool(t, "h2load", args...)
	got := numbers(t, out,
		`requests: (\d+) total, (\d+) started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout`)
	want := []int{requests, requests, requests, requests, 0, 0, 0}
	status := numbers(t, out, `status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx`)
	if !slices.Equal(got, want) || status[0] != requests || !strings.Contains(out, "Application protocol: "+proto+"\n") {
		t.Errorf("%v, %v\n%s", got, status, out)
	}
}
