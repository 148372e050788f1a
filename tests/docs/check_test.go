package docs

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// A checker checks Go code against the packages that it uses.
type checker struct {
	fset    *token.FileSet
	imports types.Importer
	paths   map[string]string // of the packages that fragments may name, by the packages' names
}

// own and foreign are the packages that code on pages may name without an import.
var (
	own = []string{"", "/handles", "/requests", "/server", "/sysinfo", "/uv", "/uvfs", "/uvhttp", "/uvnet"}

	foreign = []string{
		"bufio", "bytes", "cmp", "context", "crypto/tls", "encoding/json", "errors", "fmt", "io", "io/fs", "iter", "log", "log/slog",
		"net", "net/http", "net/http/httptest", "net/http/httputil", "net/netip", "net/url", "os", "os/exec", "os/signal", "os/user", "path/filepath",
		"runtime", "runtime/debug", "runtime/pprof", "slices", "strconv", "strings", "sync", "sync/atomic", "syscall", "testing", "time",
		"golang.org/x/sys/unix",
	}
)

// newChecker has go compile the packages, whose export data it reads.
func newChecker(t *testing.T) *checker {
	t.Helper()
	const module = "github.com/uvgo/uvgo"
	list := append([]string{}, foreign...)
	for _, pkg := range own {
		list = append(list, module+pkg)
	}
	for _, later := range []string{"/metrics", "/workers"} {
		if _, err := os.Stat(root + later); err == nil {
			list = append(list, module+later)
		}
	}
	cmd := exec.Command("go", append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Name}}\t{{.Export}}"}, list...)...)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal("go list:", err)
	}
	exports, names := make(map[string]string), make(map[string]string)
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		names[f[0]], exports[f[0]] = f[1], f[2]
	}
	c := &checker{fset: token.NewFileSet(), paths: make(map[string]string)}
	for _, path := range list {
		c.paths[names[path]] = path
	}
	c.imports = importer.ForCompiler(c.fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("package %s is not among those that code on pages may import: see tests/docs/check_test.go", path)
		}
		return os.Open(exports[path])
	})
	return c
}

// program checks code that is a whole file.
func (c *checker) program(s snippet) []string { return c.check(s, s.code, 0, false) }

// fragment checks code that is a part of a file. given are the declarations of parameters that it may
// use. Names that the fragment does not declare are taken to be right, and what follows from them.
func (c *checker) fragment(s snippet, given string) []string {
	decls, stmts := split(s.code)
	body := decls + "func _(" + given + ") {{\n" + stmts + "\n}}\n"
	before := strings.Count(c.header(body), "\n")
	if decls != "" && stmts != "" {
		before = 0 // lines are no longer those of the page
	}
	return c.check(s, c.header(body)+body, before, true)
}

// header is the beginning of a file that imports the packages that code names.
func (c *checker) header(code string) string {
	var b bytes.Buffer
	b.WriteString("package docs\n")
	for _, name := range selected(code) {
		if path := c.paths[name]; path != "" {
			fmt.Fprintf(&b, "import %s %q\n", name, path)
		}
	}
	return b.String()
}

// selected returns the names that stand before a dot.
func selected(code string) []string {
	seen := make(map[string]bool)
	var all []string
	for _, m := range regexp.MustCompile(`\b([a-z]\w*)\.[A-Z]`).FindAllStringSubmatch(code, -1) {
		if !seen[m[1]] {
			seen[m[1]] = true
			all = append(all, m[1])
		}
	}
	return all
}

var declaration = regexp.MustCompile(`^(func (\(\w|\w)|type |import )`)

// split takes the declarations at the top of a fragment apart from its statements. "…" stands for what
// is left out.
func split(code string) (decls, stmts string) {
	code = strings.ReplaceAll(code, "…", "")
	depth, inside := 0, false
	for line := range strings.Lines(code) {
		if depth == 0 {
			inside = declaration.MatchString(line)
		}
		depth += strings.Count(line, "{") + strings.Count(line, "(") - strings.Count(line, "}") - strings.Count(line, ")")
		if inside {
			decls += line
		} else {
			stmts += line
		}
	}
	return decls, stmts
}

// tolerated matches what may be wrong with a fragment, because it is a part of something.
var tolerated = regexp.MustCompile(`^(undefined: \w+$|declared and not used|label \w+ declared and not used|\S+ \(type\) is not an expression|"[^"]+" imported( as \w+)? and not used|too many return values|not enough return values|missing return|` +
	`\S.* (is not used|\(.*\) is not used)|invalid (break|continue)|(break|continue) |method redeclared|main redeclared|\w+ redeclared|.*other declaration of)`)

// check returns what is wrong with a file. before is how many of its lines are not the page's.
func (c *checker) check(s snippet, file string, before int, part bool) []string {
	var found []string
	report := func(pos token.Position, msg string) {
		found = append(found, fmt.Sprintf("%s:%d: %s\n\t%s", s.page, s.line+max(pos.Line-before-2, 0), msg, strings.ReplaceAll(strings.TrimSpace(s.code), "\n", "\n\t")))
	}
	f, err := parser.ParseFile(c.fset, "snippet.go", file, parser.SkipObjectResolution)
	if err != nil {
		report(token.Position{}, err.Error())
		return found
	}
	conf := types.Config{Importer: c.imports, Error: func(err error) {
		e, ok := err.(types.Error)
		if !ok || part && tolerated.MatchString(e.Msg) {
			return
		}
		report(c.fset.Position(e.Pos), e.Msg)
	}}
	_, _ = conf.Check("docs", c.fset, []*ast.File{f}, nil)
	return found
}
