package static_test

import (
	"net/http"
	"testing"

	"github.com/uvgo/uvgo/cmd/uvgo/internal/static"
)

func TestOwnPageForWhatIsNotFound(t *testing.T) {
	s := newSite(t, static.Options{}, map[string]string{"404.html": "<p>lost", "sub/a.css": "x"})
	for _, path := range []string{"/none", "/sub/", "/sub/none/"} {
		a := s.ask("GET", path)
		s.want(a, 404, "<p>lost")
		if got := a.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
			t.Errorf("%s: type %q", path, got)
		}
		if head := s.ask("HEAD", path); head.StatusCode != http.StatusNotFound || head.ContentLength != 7 {
			t.Errorf("HEAD %s: %d, %d bytes", path, head.StatusCode, head.ContentLength)
		}
	}
	s.want(s.ask("GET", "/404.html"), 200, "<p>lost")
	s.want(s.ask("GET", "/none", "If-None-Match", "*"), 404, "<p>lost")
	s.want(s.ask("GET", "/none", "Range", "bytes=0-0"), 404, "<p>lost")
	s.want(s.ask("GET", "/../x"), 400, "400 bad request\n")
}

func TestFallbackServesTheApplication(t *testing.T) {
	s := newSite(t, static.Options{Fallback: "app/index.html"}, map[string]string{
		"app/index.html": "the app", "app/index.html.gz": "packed", "main.js": "x", "404.html": "lost", ".env": "hidden", "empty/": "",
	})
	for _, path := range []string{"/users/7", "/", "/users/7/", "/empty/", "/main"} {
		a := s.ask("GET", path)
		s.want(a, 200, "the app")
		if a.Header.Get("Cache-Control") != "no-cache" || a.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %v", path, a.Header)
		}
	}
	s.want(s.ask("GET", "/users", "If-None-Match", s.ask("GET", "/other").Header.Get("Etag")), 304, "")
	s.want(s.ask("GET", "/users", "Accept-Encoding", "gzip"), 200, "packed")
	s.want(s.ask("GET", "/missing.js"), 404, "lost") // a script that is missing is no page
	s.want(s.ask("GET", "/.env"), 404, "lost")
}
