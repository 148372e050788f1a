package interop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// The routers whose own tests run with uvhttp below, and how many of their tests must have started a server at least.
var routers = []struct {
	module   string
	packages []string
	served   int
	ports    bool // they listen on fixed ones, so that two runs at a time are in each other's way
}{
	{"github.com/go-chi/chi/v5@v5.5.0", []string{".", "./middleware"}, 40, false},
	{"github.com/gin-gonic/gin@v1.12.0", []string{"."}, 20, true},
	{"github.com/labstack/echo/v4@v4.16.4", []string{".", "./middleware"}, 40, false},
}

// A patch changes a file of the standard library in the overlay of a test.
type patch struct{ file, at, with string }

// What http.Server's methods begin with, so that package belowstd in testdata takes the server over: also one of
// httptest, or of a router's Run or Start. Closing the listener does not end uvhttp, so httptest's Close says so.
var patches = []patch{
	{"net/http/server.go", "func (s *Server) Serve(l net.Listener) error {\n", `
	if f := BelowServe; f != nil && !s.shuttingDown() {
		if done, err := f(s, l); done {
			return err
		}
	}
`},
	{"net/http/server.go", "func (s *Server) Shutdown(ctx context.Context) error {\n", `
	if f := BelowShutdown; f != nil {
		s.inShutdown.Store(true)
		if err := f(ctx, s); err != nil {
			return err
		}
	}
`},
	{"net/http/server.go", "func (s *Server) Close() error {\n", `
	if f := BelowClose; f != nil {
		s.inShutdown.Store(true)
		f(s)
	}
`},
	{"net/http/server.go", "func (s *Server) SetKeepAlivesEnabled(v bool) {\n", `
	if f := BelowKeepAlives; f != nil {
		f(s, v)
	}
`},
	{"net/http/server.go", "type Handler interface {\n\tServeHTTP(ResponseWriter, *Request)\n}\n", `
var (
	BelowServe      func(*Server, net.Listener) (done bool, err error)
	BelowShutdown   func(context.Context, *Server) error
	BelowClose      func(*Server)
	BelowKeepAlives func(*Server, bool)
)
`},
	{"net/http/httptest/server.go", "\t\ts.Config.SetKeepAlivesEnabled(false)\n", `
		if f := http.BelowShutdown; f != nil {
			go f(context.Background(), s.Config)
		}
`},
	{"crypto/tls/tls.go", "type listener struct {\n\tnet.Listener\n\tconfig *Config\n}\n", `
func (l *listener) Below() (net.Listener, *Config) { return l.Listener, l.config }
`},
}

// overlay writes the patched files, and the file that tells go of them.
func overlay(t *testing.T, dir string) (path string) {
	t.Helper()
	root := strings.TrimSpace(tool(t, "go", "env", "GOROOT"))
	replace := make(map[string]string)
	for _, p := range patches {
		std := filepath.Join(root, "src", p.file)
		from := std
		if replace[std] != "" {
			from = replace[std]
		}
		text, err := os.ReadFile(from)
		uvtest.Check(t, err)
		if n := bytes.Count(text, []byte(p.at)); n != 1 {
			t.Fatalf("%s has %d times what is to be patched: %q", p.file, n, p.at)
		}
		replace[std] = filepath.Join(dir, strings.ReplaceAll(p.file, "/", "_"))
		uvtest.Check(t, os.WriteFile(replace[std], bytes.Replace(text, []byte(p.at), []byte(p.at+p.with), 1), 0o600))
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	uvtest.Check(t, err)
	path = filepath.Join(dir, "overlay.json")
	uvtest.Check(t, os.WriteFile(path, list, 0o600))
	return path
}

// TestRoutersOnUvhttp runs the own tests of chi, gin and echo twice, as they are: on net/http, and with uvhttp below
// net/http's servers. What passes on net/http must pass on uvhttp. Nothing of the routers is kept here: their source is a
// copy of the module cache's, in a workspace with uvgo.
func TestRoutersOnUvhttp(t *testing.T) {
	if os.Getenv("UVGO_LONG") == "" {
		t.Skip("takes two minutes, to build net/http with hooks and run the routers' tests twice: UVGO_LONG=1, as make ci-full, has it")
	}
	root, err := filepath.Abs("../..")
	uvtest.Check(t, err)
	for _, r := range routers {
		name, _, _ := strings.Cut(r.module, "@")
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			src := filepath.Join(dir, "router")
			uvtest.Check(t, os.CopyFS(src, os.DirFS(moduleDir(t, r.module))))
			below := filepath.Join(dir, "below")
			uvtest.Check(t, os.CopyFS(below, os.DirFS("testdata/belowstd")))
			const belowMod = "module uvgo.test/belowstd\n\ngo 1.26.0\n"
			uvtest.Check(t, os.WriteFile(filepath.Join(below, "go.mod"), []byte(belowMod), 0o600))
			work := fmt.Sprintf("go 1.26.0\n\nuse (\n\t%s\n\t%s\n\t%s\n)\n", src, below, root)
			uvtest.Check(t, os.WriteFile(filepath.Join(dir, "go.work"), []byte(work), 0o600))
			for _, p := range r.packages {
				hookInto(t, filepath.Join(src, p))
			}
			flags := []string{"-tags", "uvhttp", "-overlay", overlay(t, dir)}
			var std, uv, served map[string]bool
			var both sync.WaitGroup
			both.Go(func() { std, _ = routerTests(t, src, nil, r.packages) })
			if r.ports {
				both.Wait()
			}
			both.Go(func() { uv, served = routerTests(t, src, flags, r.packages) })
			both.Wait()
			// Some of their tests measure time, which a loaded machine breaks: they get another chance.
			for try := 0; try < 2 && len(lost(std, uv)) > 0; try++ {
				again, also := routerTests(t, src, flags, r.packages)
				maps.Copy(served, also)
				for test, passed := range again {
					uv[test] = uv[test] || passed
				}
			}
			for _, test := range lost(std, uv) {
				t.Errorf("%s passes on net/http, and not on uvhttp", test)
			}
			t.Logf("%s: %d tests on net/http, %d on uvhttp, %d of which started servers", r.module, len(std), len(uv), len(served))
			if len(std) < r.served || len(served) < r.served {
				t.Errorf("%d tests passed on net/http, and only %d started a server on uvhttp, want %d", len(std), len(served), r.served)
			}
		})
	}
}

// lost lists the tests that pass in one run and not in another.
func lost(run, other map[string]bool) (tests []string) {
	for test, passed := range run {
		if passed && !other[test] {
			tests = append(tests, test)
		}
	}
	slices.Sort(tests)
	return tests
}

// moduleDir returns where the module cache has a module.
func moduleDir(t *testing.T, module string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", module)
	cmd.Dir = t.TempDir()
	out, err := cmd.Output()
	var m struct{ Dir, Error string }
	if e := json.Unmarshal(out, &m); err != nil || e != nil || m.Dir == "" {
		t.Fatalf("go mod download: %v, %v\n%s", err, e, out)
	}
	return m.Dir
}

var packageClause = regexp.MustCompile(`(?m)^package (\w+)`)

// hookInto has a package's tests import belowstd.
func hookInto(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	uvtest.Check(t, err)
	for _, f := range files {
		text, err := os.ReadFile(f)
		uvtest.Check(t, err)
		if m := packageClause.FindSubmatch(text); m != nil {
			hook := fmt.Sprintf("//go:build uvhttp\n\npackage %s\n\nimport _ \"uvgo.test/belowstd\"\n", m[1])
			uvtest.Check(t, os.WriteFile(filepath.Join(dir, "zz_uvhttp_test.go"), []byte(hook), 0o600))
			return
		}
	}
	t.Fatalf("%s has no tests", dir)
}

// routerTests runs a router's tests. It returns which passed, and which had uvhttp serve.
func routerTests(t *testing.T, dir string, flags, packages []string) (passed, served map[string]bool) {
	args := append([]string{"test", "-json", "-count=1", "-vet=off", "-timeout=120s"}, flags...)
	cmd := exec.CommandContext(t.Context(), "go", append(args, packages...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK="+filepath.Join(filepath.Dir(dir), "go.work"))
	var stderr, text bytes.Buffer
	cmd.Stderr = &stderr
	out, failed := cmd.Output()
	passed, served = make(map[string]bool), make(map[string]bool)
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var e struct{ Action, Package, Test, Output string }
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue
		}
		if strings.Contains(e.Action, "output") { // a test's or the compiler's
			text.WriteString(e.Output)
		}
		switch name := e.Package + "." + e.Test; {
		case e.Test == "":
		case e.Action == "pass", e.Action == "fail":
			passed[name] = e.Action == "pass"
		case strings.Contains(e.Output, "uvhttp serves "):
			served[name] = true
		}
	}
	if failed != nil { // a test of theirs may fail on this machine, and in both runs
		end := text.Bytes()
		t.Logf("go %s: %v\n%s%s", strings.Join(cmd.Args[1:], " "), failed, &stderr, end[max(0, len(end)-8_000):])
	}
	return passed, served
}
