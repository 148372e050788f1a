package static_test

import (
	"testing"
	"time"

	"github.com/uvgo/uvgo/cmd/uvgo/internal/static"
)

func TestCompressedFilesAreSentToThoseWhoAcceptThem(t *testing.T) {
	s := newSite(t, static.Options{}, map[string]string{
		"all.css": "plain", "all.css.br": "B", "all.css.zst": "Z", "all.css.gz": "G",
		"some.js": "plain", "some.js.gz": "G", "none.html": "plain",
		"old.css": "plain", "old.css.br": "of another version", "old.css.gz": "G", "a.png": "plain", "a.png.gz": "G", "alone.css.gz": "G",
	})
	for _, name := range []string{"all.css", "some.js", "a.png"} {
		s.age(name, 2*time.Hour)
	}
	s.age("old.css.br", 3*time.Hour)
	s.age("old.css", 2*time.Hour)
	for _, tt := range []struct{ path, accept, body, coding string }{
		{"/all.css", "", "plain", ""},
		{"/all.css", "gzip", "G", "gzip"},
		{"/all.css", "x-gzip", "G", "gzip"},
		{"/all.css", "GZIP", "G", "gzip"},
		{"/all.css", "gzip, deflate, br, zstd", "B", "br"},
		{"/all.css", "zstd, gzip", "Z", "zstd"},
		{"/all.css", "br;q=0.1, gzip;q=0.5", "G", "gzip"},
		{"/all.css", "br;q=0, gzip;q=0", "plain", ""},
		{"/all.css", "gzip;q=0.5, identity", "plain", ""},
		{"/all.css", "*", "B", "br"},
		{"/all.css", "*;q=0.1, gzip;q=0.2", "G", "gzip"},
		{"/all.css", "gzip;q=much", "plain", ""},
		{"/all.css", "gzip;q=2", "plain", ""},
		{"/all.css", ",;=, gzip ; q=1", "G", "gzip"},
		{"/all.css", "identity", "plain", ""},
		{"/some.js", "br, gzip", "G", "gzip"},
		{"/some.js", "br", "plain", ""},
		{"/none.html", "br, gzip", "plain", ""},
		{"/old.css", "br, gzip", "G", "gzip"},
		{"/a.png", "gzip", "plain", ""},
		{"/all.css.gz", "gzip", "G", ""},
	} {
		var fields []string
		if tt.accept != "" {
			fields = []string{"Accept-Encoding", tt.accept}
		}
		a := s.ask("GET", tt.path, fields...)
		s.want(a, 200, tt.body)
		if got := a.Header.Get("Content-Encoding"); got != tt.coding || a.ContentLength != int64(len(tt.body)) {
			t.Errorf("%s for %q: coding %q, %d bytes", tt.path, tt.accept, got, a.ContentLength)
		}
	}
	s.want(s.ask("GET", "/alone.css", "Accept-Encoding", "gzip"), 404, "")
}

func TestCompressedFilesHaveTheOriginalsType(t *testing.T) {
	s := newSite(t, static.Options{}, map[string]string{"a.css": "plain text", "a.css.gz": "packed", "a.png": ""})
	plain, packed := s.ask("GET", "/a.css"), s.ask("GET", "/a.css", "Accept-Encoding", "gzip")
	for _, a := range []answer{plain, packed} {
		if a.Header.Get("Vary") != "Accept-Encoding" || a.Header.Get("Content-Type") != "text/css; charset=utf-8" {
			t.Errorf("headers %v", a.Header)
		}
	}
	tag := packed.Header.Get("Etag")
	if tag == plain.Header.Get("Etag") {
		t.Errorf("both have the tag %s", tag)
	}
	s.want(s.ask("GET", "/a.css", "If-None-Match", tag), 200, "plain text")
	not := s.ask("GET", "/a.css", "If-None-Match", tag, "Accept-Encoding", "gzip")
	s.want(not, 304, "")
	if not.Header.Get("Vary") == "" || not.Header.Get("Etag") != tag {
		t.Errorf("headers of 304: %v", not.Header)
	}
	s.want(s.ask("GET", "/a.css", "Accept-Encoding", "gzip", "Range", "bytes=0-1"), 206, "pa")
	s.want(s.ask("GET", "/a.css", "Accept-Encoding", "gzip", "Range", "bytes=9-"), 416, "")
	s.want(s.ask("GET", "/a.css", "Accept-Encoding", "gzip", "If-Match", `"x"`), 412, "")
	s.want(s.ask("GET", "/a.css"), 200, "plain text") // on the same connection: the answers before had their length
	if head := s.ask("HEAD", "/a.css", "Accept-Encoding", "gzip"); head.ContentLength != int64(len("packed")) {
		t.Errorf("HEAD: %d bytes", head.ContentLength)
	}
	if got := s.ask("GET", "/a.png").Header.Get("Vary"); got != "" {
		t.Errorf("a picture has Vary: %s", got)
	}
}
