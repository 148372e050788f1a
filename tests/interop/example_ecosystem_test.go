package interop

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// The examples that need a server or a tool of Debian's are run here, where those are. The others have
// their tests beside them.

// TestPgxExample runs the example against PostgreSQL, over TCP and a unix socket.
func TestPgxExample(t *testing.T) {
	uvtest.Watchdog(t, hang)
	bin := buildExample(t, "ecosystem", "pgx")
	pg := startPostgres(t)
	for _, network := range []string{"tcp", "unix"} {
		out := tool(t, bin, "-url", pg.url(network), "-rows", "1000")
		if want := "copied 1000 rows, the sum of the squares is 333833500\nnotified: hello from another connection\n"; out != want {
			t.Errorf("%s: %q, want %q", network, out, want)
		}
	}
}

// TestGoredisExample runs the example against Redis, over TCP and a unix socket.
func TestGoredisExample(t *testing.T) {
	uvtest.Watchdog(t, hang)
	bin := buildExample(t, "ecosystem", "goredis")
	s := startRedis(t)
	want := "1000 answers, the last is 1000\nreceived message 0\nreceived message 1\nreceived message 2\n"
	for network, addr := range map[string]string{"tcp": fmt.Sprint("127.0.0.1:", s.port), "unix": s.socket} {
		if out := tool(t, bin, "-network", network, "-addr", addr); out != want {
			t.Errorf("%s: %q, want %q", network, out, want)
		}
	}
}

// TestSocksExample: curl goes through the example, with the name looked up by the proxy and by itself.
func TestSocksExample(t *testing.T) {
	uvtest.Watchdog(t, hang)
	body := strings.Repeat("0123456789abcdef", 1<<16)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }))
	defer site.Close()
	addr := startBuilt(t, buildExample(t, "ecosystem", "socks"))
	url := strings.Replace(site.URL, "127.0.0.1", "localhost", 1)
	for _, scheme := range []string{"socks5", "socks5h"} {
		if got := tool(t, "curl", "-sSf", "--max-time", "60", "--noproxy", "", "--proxy", scheme+"://"+addr, url); got != body {
			t.Errorf("%s: %d bytes, want %d", scheme, len(got), len(body))
		}
	}
}
