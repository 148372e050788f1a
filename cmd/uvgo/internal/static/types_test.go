package static_test

import (
	"testing"

	"github.com/uvgo/uvgo/cmd/uvgo/internal/static"
)

func TestTypesAreTheSameOnEachMachine(t *testing.T) {
	want := map[string]string{
		"a.html": "text/html; charset=utf-8", "a.HTM": "text/html; charset=utf-8", "a.css": "text/css; charset=utf-8",
		"a.js": "text/javascript; charset=utf-8", "a.mjs": "text/javascript; charset=utf-8", "a.txt": "text/plain; charset=utf-8",
		"a.md": "text/markdown; charset=utf-8", "a.json": "application/json", "a.map": "application/json", "a.wasm": "application/wasm",
		"a.webmanifest": "application/manifest+json", "a.svg": "image/svg+xml", "a.avif": "image/avif", "a.webp": "image/webp",
		"a.jxl": "image/jxl", "a.woff2": "font/woff2", "a.ico": "image/x-icon", "a.mp4": "video/mp4", "a.pdf": "application/pdf",
		"a.tar.gz": "application/gzip", "a.min.js": "text/javascript; charset=utf-8",
		"README": "text/plain; charset=utf-8", // by its content
	}
	files := make(map[string]string)
	for name := range want {
		files[name] = "some text"
	}
	s := newSite(t, static.Options{}, files)
	for name, typ := range want {
		a := s.ask("GET", "/"+name)
		s.want(a, 200, "some text")
		if got := a.Header.Get("Content-Type"); got != typ {
			t.Errorf("%s: type %q, want %q", name, got, typ)
		}
	}
}
