package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A site serves files, and remembers what it was asked for.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

// newSite serves the tarball in ways that fail and in one that does not.
func newSite(t *testing.T, text []byte) *site {
	s := new(site)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.URL.String())
		s.mu.Unlock()
		switch r.URL.Path {
		case "/good.tar.gz":
			w.Write(text)
		case "/other.tar.gz":
			w.Write(text[:len(text)-1])
		case "/cut.tar.gz":
			w.Header().Set("Content-Length", fmt.Sprint(len(text)))
			w.Write(text[:len(text)/2])
		case "/moved.tar.gz":
			http.Redirect(w, r, "/good.tar.gz", http.StatusFound)
		case "/endless.tar.gz":
			for chunk := make([]byte, 1<<20); ; {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		default:
			http.Error(w, "no", http.StatusNotFound)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func TestDownloads(t *testing.T) {
	m := newMachine(t)
	text, err := os.ReadFile(m.tarball)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, text)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, tt := range []struct{ url, want string }{
		{s.URL + "/gone.tar.gz", "the server answers 404 Not Found"},
		{s.URL + "/cut.tar.gz", fmt.Sprintf("cut off after %d of %d bytes", len(text)/2, len(text))},
		{s.URL + "/other.tar.gz", "wrong checksum: other.tar.gz from http://"},
		{s.URL + "/endless.tar.gz", "more than 16777216 bytes"},
		{"http://" + closed.Addr().String() + "/good.tar.gz", "connection refused"},
		{"ftp://127.0.0.1/good.tar.gz", "unsupported protocol scheme"},
	} {
		if r := m.run("-url", tt.url); r.status != 1 || !strings.Contains(r.stderr, tt.want) {
			t.Errorf("-url %s: status %d, want %q:\n%s", tt.url, r.status, tt.want, r.stderr)
		}
		m.nothingLeft(t)
	}
	m.must("-url", s.URL+"/moved.tar.gz")
}

// TestAsksTheProxy: nothing but the proxy knows the address.
func TestAsksTheProxy(t *testing.T) {
	m := newMachine(t)
	text, err := os.ReadFile(m.tarball)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, text)
	m.env = append(m.env, "http_proxy="+s.URL)
	m.must("-url", "http://libuv.invalid/good.tar.gz")
	if !slices.Equal(s.asked, []string{"http://libuv.invalid/good.tar.gz"}) {
		t.Errorf("the proxy was asked for %q", s.asked)
	}
}

// TestTriesOneAfterAnother: Debian's package, then the lock's addresses, Debian's last.
func TestTriesOneAfterAnother(t *testing.T) {
	m := newMachine(t)
	text, err := os.ReadFile(m.tarball)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, text)
	hasApt := false
	if _, err := exec.LookPath("apt-get"); err == nil {
		hasApt = true
		// Port 9 of the loopback interface: nothing listens there.
		m.write("apt.list", []byte("deb [arch=amd64] http://127.0.0.1:9/debian bookworm main\n"))
	}
	debian := m.tarball + " " + s.URL + "/good.tar.gz"

	// The second and third differ in their checksums only.
	m.lock(debian, m.write("own.tar.gz", []byte("own"))+" "+s.URL+"/gone.tar.gz", m.write("tag.tar.gz", []byte("tag"))+" "+s.URL+"/cut.tar.gz")
	r := m.must("-print", "dir")
	if want := []string{"/gone.tar.gz", "/cut.tar.gz", "/good.tar.gz"}; !slices.Equal(s.asked, want) {
		t.Errorf("asked for %q, want %q", s.asked, want)
	}
	if hasApt && !strings.Contains(r.stderr, "Debian's source package at http://127.0.0.1:9/debian") {
		t.Errorf("apt has not been tried:\n%s", r.stderr)
	}

	// Each failure is told.
	m = newMachine(t)
	if hasApt {
		m.write("apt.list", nil)
		m.write("debian.sources", []byte("Types: deb deb-src\nURIs: http://127.0.0.1:9/debian/\nSuites: trixie trixie-updates\nComponents: main\n"))
		m.write("apt.conf", fmt.Appendf(nil, "Dir::Etc::sourcelist \"%s/debian.sources\";\nDir::Etc::sourceparts \"/dev/null\";\n", m.dir))
	}
	m.lock(m.tarball + " " + s.URL + "/gone.tar.gz")
	r = m.run()
	if !regexp.MustCompile(`(?s)cannot obtain libuv 1\.50\.0:\n.*\n  http://\S+/gone.tar.gz: the server answers 404.*-tarball stub0.tar.gz`).MatchString(r.stderr) || r.status != 1 {
		t.Errorf("status %d\n%s", r.status, r.stderr)
	}
	if hasApt && !regexp.MustCompile(`\n  Debian's source package at http://127.0.0.1:9/debian/: .*127.0.0.1`).MatchString(r.stderr) {
		t.Errorf("apt's failure is not told:\n%s", r.stderr)
	}
	if r = m.run("-checkout", "x"); !strings.Contains(r.stderr, "make libuv LIBUV_TARBALL=/path/to/stub0.tar.gz") {
		t.Errorf("in a checkout:\n%s", r.stderr)
	}
	m.nothingLeft(t)
}
