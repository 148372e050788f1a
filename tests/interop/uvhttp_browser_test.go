package interop

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// assets is how many a page of withAssets has, beside itself.
const assets = 100

// withAssets serves a page of scripts, styles and images. It counts what has been loaded, and says so in
// the end.
func withAssets(t testing.TB) http.Handler {
	var page strings.Builder
	page.WriteString("<!DOCTYPE html><title>assets</title><script>var n = 0, bad = 0</script>\n")
	for i := range assets {
		const events = `onload="n++" onerror="bad++"`
		switch i % 3 {
		case 0:
			fmt.Fprintf(&page, "<script src=/asset/%d.js %s></script>\n", i, events)
		case 1:
			fmt.Fprintf(&page, "<link rel=stylesheet href=/asset/%d.css %s>\n", i, events)
		default:
			fmt.Fprintf(&page, "<img src=/asset/%d.svg %s>\n", i, events)
		}
	}
	page.WriteString("<p id=result></p><script>addEventListener('load', () => result.textContent = `${n} loaded, ${bad} not`)</script>\n")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		if _, err := w.Write([]byte(page.String())); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("GET /asset/{name}", func(w http.ResponseWriter, r *http.Request) {
		filler := strings.Repeat(" ", 10_000)
		switch name := r.PathValue("name"); {
		case strings.HasSuffix(name, ".js"):
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, filler, "void 0")
		case strings.HasSuffix(name, ".css"):
			w.Header().Set("Content-Type", "text/css")
			fmt.Fprint(w, filler, "p { color: green }")
		default:
			w.Header().Set("Content-Type", "image/svg+xml")
			fmt.Fprint(w, `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">`, filler, `</svg>`)
		}
	})
	return mux
}

// TestChromiumLoadsPage: Chromium shows a page with 100 assets, over its six connections of HTTP/1.1 and over one of
// HTTP/2.
func TestChromiumLoadsPage(t *testing.T) {
	if _, err := exec.LookPath("chromium"); err != nil && testing.Short() {
		t.Skip("Chromium is not installed: tests/interop/setup.sh does it")
	}
	for _, how := range []struct {
		secured bool
		proto   string
		conns   int32 // at most; Chromium opens some ahead of need
	}{{false, "HTTP/1.1", 8}, {true, "HTTP/2.0", 3}} {
		t.Run(how.proto, func(t *testing.T) {
			s := openUvhttp(t, how.secured, withAssets(t))
			dom := tool(t, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
				"--disable-background-networking", "--disable-component-update", "--disable-sync",
				"--ignore-certificate-errors", "--user-data-dir="+t.TempDir(), "--timeout=120000", "--dump-dom", s.URL+"/")
			if want := fmt.Sprintf(">%d loaded, 0 not<", assets); !strings.Contains(dom, want) {
				_, result, _ := strings.Cut(dom, "<p id=")
				t.Errorf("no %q at the end of the page: %q", want, result)
			}
			if n := s.seen(how.proto); n < assets+1 {
				t.Errorf("%d requests of %s, want %d", n, how.proto, assets+1)
			}
			if n := s.conns.Load(); n > how.conns {
				t.Errorf("%d connections, want %d at most", n, how.conns)
			}
		})
	}
}
