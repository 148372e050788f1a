package static_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/cmd/uvgo/internal/static"
	"github.com/uvgo/uvgo/internal/uvtest"
)

var pages = map[string]string{
	"index.html": "home", "a.txt": "letter a", "sub/index.html": "below", "sub/b.txt": "letter b", "empty/": "", "zero.txt": "",
	".secret": "hidden", ".git/config": "hidden", "sub/.env": "hidden", ".well-known/acme": "challenge", ".well-known/.x": "hidden",
	"ä & <b>.txt": "umlaut", "a:b/index.html": "colon", "back\\slash/index.html": "backslash", "evil.com/index.html": "a directory",
}

func TestServesFilesAndIndexes(t *testing.T) {
	s := newSite(t, static.Options{}, pages)
	for _, tt := range []struct {
		path   string
		status int
		body   string
	}{
		{"/", 200, "home"},
		{"/index.html", 200, "home"},
		{"/a.txt", 200, "letter a"},
		{"/a.txt?v=1", 200, "letter a"},
		{"/zero.txt", 200, ""},
		{"/sub/", 200, "below"},
		{"//sub//b.txt", 200, "letter b"},
		{"/sub/./b.txt", 200, "letter b"},
		{"/sub%2Fb.txt", 200, "letter b"},
		{"/%C3%A4%20&%20%3Cb%3E.txt", 200, "umlaut"},
		{"/.well-known/acme", 200, "challenge"},
		{"/none", 404, "404 not found\n"},
		{"/a.txt/", 404, ""},
		{"/a.txt/b", 404, ""},
		{"/empty/", 404, ""},
		{"/.secret", 404, ""},
		{"/.git/config", 404, ""},
		{"/.git", 404, ""},
		{"/sub/.env", 404, ""},
		{"/sub/%2Eenv", 404, ""},
		{"/.well-known/.x", 404, ""},
		{"/sub/.well-known/acme", 404, ""},
		{"/" + strings.Repeat("x", 300), 404, ""},
		{"/" + strings.Repeat("x/", 3000), 404, ""},
		{"/../a.txt", 400, ""},
		{"/sub/../a.txt", 400, ""},
		{"/%2e%2e/a.txt", 400, ""},
		{"/..%2fa.txt", 400, ""},
		{"/a.txt%00.png", 400, ""},
		{"/..a.txt", 404, ""},
	} {
		a := s.ask("GET", tt.path)
		s.want(a, tt.status, tt.body)
		if a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: browsers may guess the type", tt.path)
		}
		head := s.ask("HEAD", tt.path)
		if head.StatusCode != a.StatusCode || head.ContentLength != a.ContentLength || head.body != "" {
			t.Errorf("HEAD %s: %d, %d bytes; GET %d, %d bytes", tt.path, head.StatusCode, head.ContentLength, a.StatusCode, a.ContentLength)
		}
	}
}

func TestHiddenFilesAreServedOnDemand(t *testing.T) {
	s := newSite(t, static.Options{Hidden: true}, pages)
	s.want(s.ask("GET", "/.secret"), 200, "hidden")
	s.want(s.ask("GET", "/sub/.env"), 200, "hidden")
}

// TestDirectoriesAreRedirectedOnThisHost: a path such as //evil.com names another host in a Location.
func TestDirectoriesAreRedirectedOnThisHost(t *testing.T) {
	s := newSite(t, static.Options{}, pages)
	for _, tt := range []struct{ path, to string }{
		{"/sub", "/sub/"},
		{"/sub?a=1&b=%0d", "/sub/?a=1&b=%0d"},
		{"//evil.com", "//evil.com/"},
		{"///evil.com", "///evil.com/"},
		{"/a:b", "/a:b/"},
		{"/back%5Cslash", "/back%5Cslash/"},
		{"/%5C/evil.com/..%5C", ""},
	} {
		a := s.ask("GET", tt.path)
		if tt.to == "" {
			s.want(a, 404, "")
			continue
		}
		s.want(a, 301, "")
		base := uvtest.Must(http.NewRequest(http.MethodGet, "http://"+s.host+tt.path, nil)).URL
		to, err := base.Parse(a.Header.Get("Location"))
		if err != nil || to.Host != s.host || to.RequestURI() != tt.to {
			t.Errorf("%s leads to %q: %v, %v, want %s", tt.path, a.Header.Get("Location"), to, err, tt.to)
		}
		if text := a.Header.Get("Location"); !strings.HasPrefix(text, "./") || strings.Contains(text, "\\") {
			t.Errorf("%s: Location %q", tt.path, text)
		}
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	s := newSite(t, static.Options{}, pages)
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"} {
		a := s.ask(method, "/a.txt")
		s.want(a, 405, "405 method not allowed\n")
		if got := a.Header.Get("Allow"); got != "GET, HEAD, OPTIONS" {
			t.Errorf("%s: Allow %q", method, got)
		}
	}
	a := s.ask("OPTIONS", "/a.txt")
	s.want(a, 204, "")
	if got := a.Header.Get("Allow"); got != "GET, HEAD, OPTIONS" {
		t.Errorf("OPTIONS: Allow %q", got)
	}
}

func TestLinksMayNotLeaveTheRoot(t *testing.T) {
	outside := t.TempDir()
	uvtest.Check(t, os.WriteFile(filepath.Join(outside, "passwd"), []byte("outside"), 0o600))
	s := newSite(t, static.Options{List: true}, map[string]string{"real/f.txt": "inside"})
	for name, to := range map[string]string{
		"file": filepath.Join(outside, "passwd"), "dir": outside, "up": "../" + filepath.Base(outside) + "/passwd", "loop": "loop",
		"inside": "real/f.txt", "insidedir": "real", "index.html": filepath.Join(outside, "passwd"),
	} {
		uvtest.Check(t, os.Symlink(to, filepath.Join(s.dir, name)))
	}
	for _, path := range []string{"/file", "/dir", "/dir/", "/dir/passwd", "/up", "/loop", "/index.html"} {
		s.want(s.ask("GET", path), 404, "")
	}
	s.want(s.ask("GET", "/inside"), 200, "inside")
	s.want(s.ask("GET", "/insidedir/f.txt"), 200, "inside")
	list := s.ask("GET", "/")
	s.want(list, 200, "")
	for _, name := range []string{"file", "dir", "up", "loop"} {
		if strings.Contains(list.body, ">"+name) {
			t.Errorf("%s is listed: %s", name, list.body)
		}
	}
}

// TestOnlyRegularFilesAreOpened: opening a named pipe waits for its writer, and a device may act.
func TestOnlyRegularFilesAreOpened(t *testing.T) {
	s := newSite(t, static.Options{}, nil)
	uvtest.Check(t, syscall.Mkfifo(filepath.Join(s.dir, "pipe.txt"), 0o600))
	uvtest.Check(t, syscall.Mkfifo(filepath.Join(s.dir, "index.html"), 0o600))
	uvtest.Check(t, syscall.Mkfifo(filepath.Join(s.dir, "404.html"), 0o600))
	uvtest.Check(t, syscall.Mkfifo(filepath.Join(s.dir, "a.css.gz"), 0o600))
	s.put("a.css", "body{}")
	path := filepath.Join(s.dir, "sock")
	fd := uvtest.Must(syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0))
	defer syscall.Close(fd)
	if len(path) < 100 {
		uvtest.Check(t, syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}))
	}
	for _, p := range []string{"/pipe.txt", "/", "/sock", "/none"} {
		s.want(s.ask("GET", p), 404, "404 not found\n")
	}
	s.want(s.ask("GET", "/a.css", "Accept-Encoding", "gzip"), 200, "body{}")
}

func TestConditionsAreAnswered(t *testing.T) {
	s := newSite(t, static.Options{MaxAge: time.Hour}, pages)
	first := s.ask("GET", "/a.txt")
	tag, changed := first.Header.Get("Etag"), first.Header.Get("Last-Modified")
	if tag == "" || strings.HasPrefix(tag, "W/") || changed == "" || first.Header.Get("Cache-Control") != "public, max-age=3600" {
		t.Fatalf("headers %v", first.Header)
	}
	earlier := time.Now().Add(-48 * time.Hour).UTC().Format(http.TimeFormat)
	for _, tt := range []struct {
		name, value string
		status      int
		body        string
	}{
		{"If-None-Match", tag, 304, ""},
		{"If-None-Match", "W/" + tag, 304, ""},
		{"If-None-Match", `"x", ` + tag, 304, ""},
		{"If-None-Match", "*", 304, ""},
		{"If-None-Match", `"x"`, 200, "letter a"},
		{"If-Modified-Since", changed, 304, ""},
		{"If-Modified-Since", earlier, 200, "letter a"},
		{"If-Match", tag, 200, "letter a"},
		{"If-Match", `"x"`, 412, ""},
		{"If-Unmodified-Since", changed, 200, "letter a"},
		{"If-Unmodified-Since", earlier, 412, ""},
		{"Range", "bytes=2-4", 206, "tte"},
		{"Range", "bytes=-1", 206, "a"},
		{"Range", "bytes=7-", 206, "a"},
		{"Range", "bytes=8-", 416, ""},
		{"Range", "lines=1-2", 416, ""},
	} {
		s.want(s.ask("GET", "/a.txt", tt.name, tt.value), tt.status, tt.body)
	}
	s.want(s.ask("GET", "/a.txt", "Range", "bytes=0-0", "If-Range", tag), 206, "l")
	s.want(s.ask("GET", "/a.txt", "Range", "bytes=0-0", "If-Range", `"x"`), 200, "letter a")
	s.want(s.ask("GET", "/a.txt", "Range", "bytes=0-0", "If-Range", earlier), 200, "letter a")
	several := s.ask("GET", "/a.txt", "Range", "bytes=0-0,7-7")
	if several.StatusCode != http.StatusPartialContent || !strings.HasPrefix(several.Header.Get("Content-Type"), "multipart/byteranges") {
		t.Errorf("two ranges: %d, %v", several.StatusCode, several.Header)
	}
	s.put("a.txt", "letter b")
	s.age("a.txt", time.Hour+time.Nanosecond) // the same second, the same size
	s.want(s.ask("GET", "/a.txt", "If-None-Match", tag), 200, "letter b")
}

func TestWithoutAnAgeClientsAskEachTime(t *testing.T) {
	s := newSite(t, static.Options{}, pages)
	if got := s.ask("GET", "/a.txt").Header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control %q", got)
	}
}

// TestFreshFilesHaveWeakTags: a file that has just been changed may change again at the same time, as its file system
// counts time.
func TestFreshFilesHaveWeakTags(t *testing.T) {
	s := newSite(t, static.Options{}, pages)
	s.age("a.txt", -time.Hour) // the future is fresh, too
	tag := s.ask("GET", "/a.txt").Header.Get("Etag")
	if !strings.HasPrefix(tag, `W/"`) {
		t.Errorf("tag %s", tag)
	}
	s.want(s.ask("GET", "/a.txt", "If-None-Match", tag), 304, "")
	s.want(s.ask("GET", "/a.txt", "Range", "bytes=0-0", "If-Range", tag), 200, "letter a")
}

// TestReopenFollowsADeployment: the root's path is a link that comes to name another directory.
func TestReopenFollowsADeployment(t *testing.T) {
	one, two, link := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "current")
	for i, dir := range []string{one, two} {
		uvtest.Check(t, os.WriteFile(filepath.Join(dir, "v"), []byte(fmt.Sprint(i+1)), 0o600))
	}
	uvtest.Check(t, os.Symlink(one, link))
	s := &site{t: t, dir: link, log: new(bytes.Buffer)}
	s.serve(static.Options{})
	s.want(s.ask("GET", "/v"), 200, "1")
	uvtest.Check(t, os.Remove(link))
	uvtest.Check(t, os.Symlink(two, link))
	s.want(s.ask("GET", "/v"), 200, "1") // until it is told
	uvtest.Check(t, s.files.Reopen())
	s.want(s.ask("GET", "/v"), 200, "2")
	uvtest.Check(t, os.Remove(link))
	if s.files.Reopen() == nil {
		t.Error("a root that is gone was opened")
	}
	s.want(s.ask("GET", "/v"), 200, "2")
}

// TestReopenLetsRequestsUnderWayGoOn: they keep the directory that they began with.
func TestReopenLetsRequestsUnderWayGoOn(t *testing.T) {
	s := newSite(t, static.Options{}, pages)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 100 {
			if err := s.files.Reopen(); err != nil {
				t.Error(err)
			}
		}
	}()
	for ended := false; !ended; {
		select {
		case <-done:
			ended = true
		default:
		}
		s.want(s.ask("GET", "/sub/"), 200, "below")
	}
}

func TestOpenRefusesWhatIsNoRoot(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	uvtest.Check(t, os.WriteFile(file, nil, 0o600))
	uvtest.Check(t, os.Mkdir(filepath.Join(filepath.Dir(file), "dir"), 0o700))
	for _, tt := range []struct {
		dir string
		o   static.Options
	}{
		{file, static.Options{}}, {file + ".none", static.Options{}},
		{filepath.Dir(file), static.Options{Fallback: "none"}}, {filepath.Dir(file), static.Options{Fallback: "../x"}},
		{filepath.Dir(file), static.Options{Fallback: "dir"}},
	} {
		if _, err := static.Open(tt.dir, tt.o); err == nil {
			t.Errorf("%+v was opened", tt)
		}
	}
}
