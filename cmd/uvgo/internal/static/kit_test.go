package static_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/cmd/uvgo/internal/static"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvhttp"
)

// A site is a directory that a server serves.
type site struct {
	t      *testing.T
	dir    string
	files  *static.Files
	host   string // where the server listens
	client *http.Client
	log    *bytes.Buffer
}

// newSite serves a directory with some files. Names that end in a slash are directories. The files are old, as on most
// servers, so that their entity tags are strong.
func newSite(t *testing.T, o static.Options, files map[string]string) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), log: new(bytes.Buffer)}
	for name, text := range files {
		s.put(name, text)
	}
	s.serve(o)
	return s
}

// serve serves the directory.
func (s *site) serve(o static.Options) {
	t := s.t
	t.Helper()
	o.Logger = slog.New(slog.NewTextHandler(s.log, nil))
	var err error
	s.files, err = static.Open(s.dir, o)
	uvtest.Check(t, err)
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	s.host = ln.Addr().String()
	srv := &uvhttp.Server{Handler: s.files, Loops: 1, WriteTimeout: o.WriteTimeout}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	transport := &http.Transport{DisableCompression: true}
	s.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		uvtest.Check(t, srv.Close())
		<-served
		uvtest.Check(t, s.files.Close())
	})
}

// put writes a file that is an hour old.
func (s *site) put(name, text string) {
	s.t.Helper()
	name = filepath.Join(s.dir, name+"x")[:len(s.dir)+1+len(name)] // keeps the slash at the end
	if strings.HasSuffix(name, "/") {
		uvtest.Check(s.t, os.MkdirAll(name, 0o755))
		return
	}
	uvtest.Check(s.t, os.MkdirAll(filepath.Dir(name), 0o755))
	uvtest.Check(s.t, os.WriteFile(name, []byte(text), 0o644))
	s.age(name, time.Hour)
}

// start is one time for all files, so that none is older than another by chance.
var start = time.Now()

// age sets how old a file is.
func (s *site) age(name string, d time.Duration) {
	s.t.Helper()
	if !filepath.IsAbs(name) {
		name = filepath.Join(s.dir, name)
	}
	at := start.Add(-d)
	uvtest.Check(s.t, os.Chtimes(name, at, at))
}

// An answer is a response and its whole body.
type answer struct {
	*http.Response
	body string
}

// ask sends a request whose path is as it is given. fields are a header's names and values.
func (s *site) ask(method, path string, fields ...string) answer {
	s.t.Helper()
	r := uvtest.Must(http.NewRequest(method, "http://"+s.host+"/", nil))
	path, r.URL.RawQuery, _ = strings.Cut(path, "?")
	r.URL.Opaque = "//" + s.host + path
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	resp, err := s.client.Do(r)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatalf("%s %s: %v after %d bytes", method, path, err, len(body))
	}
	return answer{resp, string(body)}
}

// want fails the test unless the answer has the status and the body. An empty body is not compared.
func (s *site) want(a answer, status int, body string) {
	s.t.Helper()
	if a.StatusCode != status || body != "" && a.body != body {
		s.t.Errorf("%s %s: status %d, %.60q; want %d, %.60q", a.Request.Method, a.Request.URL, a.StatusCode, a.body, status, body)
	}
}
