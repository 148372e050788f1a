package lint

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// portable.go checks the types of every package for a system that this machine is
// not. A compiler would need that system's C compiler and headers for cgo; the type checker
// takes what comes from C as given.

// listed is what go list tells of a package.
type listed struct {
	ImportPath, Dir string
	Standard        bool
	GoFiles         []string
	CgoFiles        []string
	ImportMap       map[string]string
	Error           *struct{ Err string }
}

// typeErrors returns what the type checker has to say of this module's packages
// on the system, in no order. Some of it is said because the checker knows nothing of C.
func typeErrors(dir, goos, goarch string) (map[string]bool, error) {
	list, err := listPackages(dir, goos, goarch)
	if err != nil {
		return nil, err
	}
	c := &checker{goarch: goarch, dir: dir, files: token.NewFileSet(), done: make(map[string]*types.Package), found: make(map[string]bool)}
	for _, p := range list {
		if err := c.check(p); err != nil {
			return nil, fmt.Errorf("%s/%s: %w", goos, goarch, err)
		}
	}
	return c.found, nil
}

// listPackages lists the module's packages for the system, each behind
// what it imports.
func listPackages(dir, goos, goarch string) ([]*listed, error) {
	cmd := exec.Command("go", "list", "-e", "-deps",
		"-json=ImportPath,Dir,Standard,GoFiles,CgoFiles,ImportMap,Error", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=1", "CC=cc")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list for %s/%s: %w: %s", goos, goarch, err, stderr.String())
	}
	var list []*listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		p := new(listed)
		if err := d.Decode(p); errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return nil, err
		}
		if p.Error != nil {
			return nil, fmt.Errorf("go list for %s/%s: %s: %s", goos, goarch, p.ImportPath, p.Error.Err)
		}
		list = append(list, p)
	}
}

// checker checks packages, each behind what it imports.
type checker struct {
	dir    string // the module's
	goarch string
	files  *token.FileSet
	done   map[string]*types.Package // by go list's import path
	found  map[string]bool
}

// check checks one package. Of another module's it looks at the declarations only.
func (c *checker) check(p *listed) error {
	if p.ImportPath == "unsafe" {
		c.done[p.ImportPath] = types.Unsafe
		return nil
	}
	own := !p.Standard && inside(c.dir, p.Dir)
	var files []*ast.File
	for _, name := range append(p.GoFiles, p.CgoFiles...) {
		f, err := parser.ParseFile(c.files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	config := types.Config{
		FakeImportC:      true,
		IgnoreFuncBodies: !own,
		Sizes:            types.SizesFor("gc", c.goarch),
		Importer:         imports{c, p.ImportMap},
		Error: func(err error) {
			var e types.Error
			if own && errors.As(err, &e) {
				at := c.files.Position(e.Pos)
				name, _ := filepath.Rel(c.dir, at.Filename)
				c.found[fmt.Sprintf("%s:%d:%d: %s", filepath.ToSlash(name), at.Line, at.Column, e.Msg)] = true
			}
		},
	}
	pkg, _ := config.Check(p.ImportPath, c.files, files, nil)
	c.done[p.ImportPath] = pkg
	return nil
}

// imports finds what a package imports among the packages that are checked already.
type imports struct {
	c      *checker
	mapped map[string]string
}

// Import returns the package that the path stands for.
func (i imports) Import(path string) (*types.Package, error) {
	if to, ok := i.mapped[path]; ok {
		path = to
	}
	if pkg := i.c.done[path]; pkg != nil {
		return pkg, nil
	}
	return nil, fmt.Errorf("go list has not listed %s before what imports it", path)
}

// inside tells whether the directory is the root or below it.
func inside(root, dir string) bool {
	rel, err := filepath.Rel(root, dir)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
