package static_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/cmd/uvgo/internal/static"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestDirectoriesAreListedOnDemand(t *testing.T) {
	files := map[string]string{
		"b.txt": "12345", "a/x": "", "<script>alert(1)": "", "with space & \"quotes\"": "", "c:d": "", "%41": "", "bad\xffutf8": "",
		".hidden": "", "a/deep/index.html": "an index",
	}
	s := newSite(t, static.Options{List: true}, files)
	uvtest.Check(t, syscall.Mkfifo(s.dir+"/pipe", 0o600))
	a := s.ask("GET", "/")
	s.want(a, 200, "")
	if a.Header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.HasPrefix(a.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("headers %v", a.Header)
	}
	var names []string
	for _, m := range regexp.MustCompile(`<a href="([^"]*)">([^<]*)</a>`).FindAllStringSubmatch(a.body, -1) {
		names = append(names, m[2])
		if to := s.ask("GET", html.UnescapeString(strings.TrimPrefix(m[1], "."))); to.StatusCode != http.StatusOK {
			t.Errorf("the link %s of %s: status %d", m[1], m[2], to.StatusCode)
		}
	}
	want := "%41 &lt;script&gt;alert(1) a/ b.txt bad\uFFFDutf8 c:d with space &amp; &#34;quotes&#34;"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("listed %s, want %s", got, want)
	}
	if strings.Contains(a.body, "<script>") || strings.Contains(a.body, "pipe") || !strings.Contains(a.body, "<td>5</td>") {
		t.Errorf("list %s", a.body)
	}
	sub := s.ask("GET", "/a/")
	if !strings.Contains(sub.body, `href="../"`) || !strings.Contains(sub.body, "<h1>/a</h1>") {
		t.Errorf("list %s", sub.body)
	}
	s.want(s.ask("GET", "/a/deep/"), 200, "an index")
	if head := s.ask("HEAD", "/"); head.ContentLength != int64(len(a.body)) {
		t.Errorf("HEAD: %d bytes, GET %d", head.ContentLength, len(a.body))
	}
}

func TestListsShowHiddenFilesOnDemand(t *testing.T) {
	s := newSite(t, static.Options{List: true, Hidden: true}, map[string]string{".hidden": ""})
	if a := s.ask("GET", "/"); !strings.Contains(a.body, ".hidden") {
		t.Errorf("list %s", a.body)
	}
}
