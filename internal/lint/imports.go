package lint

import (
	"go/ast"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/uvgo/uvgo"

// layers ranks the top directories, and internal/core and internal/submit. A package
// may import packages of its own directory and of lower layers. For other packages
// below internal there is no rule.
var layers = map[string]int{
	"cuv":             0,
	"uv":              1,
	"internal/core":   2,
	"sysinfo":         2,
	"internal/submit": 3,
	"requests":        4,
	"handles":         5,
	".":               6,
	"server":          7,
	"uvnet":           7,
	"uvfs":            7,
	"workers":         7,
	"reload":          7,
	"uvhttp":          8,
	"metrics":         9,
	"cmd":             10,
	"bench":           10,
	"examples":        10,
	"tests":           10,
}

// withoutCUV are the directories above cuv that may not import it.
var withoutCUV = []string{"server", "uvnet", "uvfs", "uvhttp", "workers", "reload"}

// layer returns the key in layers of a directory.
func layer(dir string) string {
	if _, ok := layers[dir]; ok {
		return dir
	}
	return topDir(dir)
}

// topDir is the first element of a directory.
func topDir(dir string) string {
	top, _, _ := strings.Cut(dir, "/")
	return top
}

// importPath is the path of an import declaration.
func importPath(spec *ast.ImportSpec) string {
	p, _ := strconv.Unquote(spec.Path.Value)
	return p
}

// importDirection finds imports of a higher layer.
func importDirection(r *repo) []string {
	var found []string
	for _, f := range r.goFiles(func(f *file) bool { return !f.test }) {
		from := layer(f.dir())
		if _, ok := layers[from]; !ok && from != "internal" {
			found = append(found, r.at(f.ast.Package, "directory %s has no place in the import graph; give it one in internal/lint", from))
			continue
		}
		for _, spec := range f.ast.Imports {
			dir, ok := ownDir(importPath(spec))
			if !ok {
				continue
			}
			if why := arrow(from, dir); why != "" {
				found = append(found, r.at(spec.Pos(), "%s", why))
			}
		}
	}
	return found
}

// ownDir is the directory of a package of this repository.
func ownDir(path string) (string, bool) {
	if path == module {
		return ".", true
	}
	return strings.CutPrefix(path, module+"/")
}

// arrow says why a package of the layer from may not import the package in dir. It
// returns "" if it may.
func arrow(from, dir string) string {
	to := layer(dir)
	switch {
	case from == "internal":
		return ""
	case dir == "internal/uvtest" || dir == "internal/lint":
		if from == "tests" || from == "bench" {
			return ""
		}
		return from + " imports " + dir + ", which is for tests"
	case to == "internal" || from == to:
		return ""
	case dir == "third_party/libuv" && from == "cmd":
		return "" // it holds libuv.lock and the like
	case to == "cuv" && slices.Contains(withoutCUV, from):
		return from + " imports cuv"
	}
	rank, ok := layers[to]
	if !ok {
		return from + " imports " + dir + ", which no package may import"
	}
	if rank >= layers[from] {
		return from + " imports " + to + ": the arrow runs the other way"
	}
	return ""
}

// foreignImports finds imports of other modules where they are not allowed. cuv may
// import the standard library only, other code also x/sys, and tests all required
// modules.
func foreignImports(r *repo) []string {
	var found []string
	for _, f := range r.goFiles(func(f *file) bool { return f.root && !f.test }) {
		for _, spec := range f.ast.Imports {
			path := importPath(spec)
			dir, own := ownDir(path)
			switch {
			case own:
				if topDir(f.dir()) == "cuv" && dir != "internal/invariants" && topDir(dir) != "cuv" {
					found = append(found, r.at(spec.Pos(), "cuv imports %s; it uses the standard library only", path))
				}
			case !strings.Contains(topDir(path), "."):
			case strings.HasPrefix(path, "golang.org/x/sys/") && topDir(f.dir()) != "cuv":
			default:
				found = append(found, r.at(spec.Pos(), "%s is imported outside tests", path))
			}
		}
	}
	return found
}

// cgo finds import "C" outside cuv and cgoFiles.
func cgo(r *repo) []string {
	used := make(map[string]bool)
	found := imported(r, "C", func(f *file) bool {
		used[f.path] = true
		return cgoFiles[f.path] != ""
	})
	return append(found, stale("cgoFiles", cgoFiles, used)...)
}

// unsafeImports finds imports of unsafe outside cuv and unsafeFiles.
func unsafeImports(r *repo) []string {
	used := make(map[string]bool)
	found := imported(r, "unsafe", func(f *file) bool {
		used[f.path] = true
		return unsafeFiles[f.path] != ""
	})
	return append(found, stale("unsafeFiles", unsafeFiles, used)...)
}

// imported finds imports of path outside cuv and outside what allowed accepts.
func imported(r *repo, path string, allowed func(*file) bool) []string {
	var found []string
	for _, f := range r.goFiles(func(f *file) bool { return topDir(f.dir()) != "cuv" }) {
		for _, spec := range f.ast.Imports {
			if importPath(spec) == path && !allowed(f) {
				found = append(found, r.at(spec.Pos(), "import of %q outside cuv", path))
			}
		}
	}
	return found
}
