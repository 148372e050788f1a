package lint

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A repo is the parsed repository.
type repo struct {
	fsys  fs.FS // for what is not among files
	fset  *token.FileSet
	files []*file
}

// A file is one text file of the repository.
type file struct {
	path string // relative to the repository's root, with slashes
	text string
	root bool // belongs to the root module

	ast       *ast.File // nil unless it is Go
	test      bool
	generated bool
}

// skippedDirs hold text that is not this repository's own, or that no rule looks at.
// But load reads the lists in the testdata directories of tests/.
var skippedDirs = []string{".git", "testdata", "third_party", "vendor", "bin", "build", "node_modules"}

// textExts and textNames are the endings and names of the files that load reads.
var (
	textExts  = []string{".go", ".c", ".h", ".md", ".sh", ".tsv", ".yml", ".yaml", ".mod"}
	textNames = []string{"Makefile", "Dockerfile", "run"}
)

// load reads and parses the repository below fsys.
func load(fsys fs.FS) (*repo, error) {
	r := &repo{fsys: fsys, fset: token.NewFileSet()}
	var nested []string // directories of other modules
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if d.IsDir() {
			if slices.Contains(skippedDirs, base) && !isList(name) || strings.HasPrefix(base, "_") {
				return fs.SkipDir
			}
			return nil
		}
		if base == "go.mod" && name != base {
			nested = append(nested, path.Dir(name)+"/")
		}
		if !d.Type().IsRegular() || !slices.Contains(textExts, path.Ext(base)) && !slices.Contains(textNames, base) {
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		f := &file{path: name, text: string(text)}
		r.files = append(r.files, f)
		if path.Ext(name) == ".go" {
			return r.parse(f)
		}
		return nil
	})
	for _, f := range r.files {
		f.root = !slices.ContainsFunc(nested, func(dir string) bool { return strings.HasPrefix(f.path, dir) })
	}
	return r, err
}

// isList tells whether a directory holds lists of behaviours.
func isList(dir string) bool {
	ok, _ := path.Match("tests/*/testdata", dir)
	return ok
}

func (r *repo) parse(f *file) (err error) {
	f.ast, err = parser.ParseFile(r.fset, f.path, f.text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	f.test = strings.HasSuffix(f.path, "_test.go")
	f.generated = ast.IsGenerated(f.ast)
	return nil
}

// dir is the file's directory, "." for the root.
func (f *file) dir() string { return path.Dir(f.path) }

// goFiles returns the Go files that keep accepts.
func (r *repo) goFiles(keep func(*file) bool) []*file {
	var files []*file
	for _, f := range r.files {
		if f.ast != nil && keep(f) {
			files = append(files, f)
		}
	}
	return files
}

// packages returns the files of each library package of the root module by
// directory, without tests and without package main.
func (r *repo) packages() map[string][]*file {
	pkgs := make(map[string][]*file)
	for _, f := range r.goFiles(func(f *file) bool { return f.root && !f.test && f.ast.Name.Name != "main" }) {
		pkgs[f.dir()] = append(pkgs[f.dir()], f)
	}
	return pkgs
}

// at formats a finding at a place in a Go file.
func (r *repo) at(pos token.Pos, format string, args ...any) string {
	p := r.fset.Position(pos)
	return fmt.Sprintf("%s:%d: ", p.Filename, p.Line) + fmt.Sprintf(format, args...)
}

// stale returns a finding for each exception that is not in used.
func stale(list string, exceptions map[string]string, used map[string]bool) []string {
	var found []string
	for name := range exceptions {
		if !used[name] {
			found = append(found, fmt.Sprintf("internal/lint/exceptions.go: %s lists %s, which needs no exception", list, name))
		}
	}
	slices.Sort(found)
	return found
}
