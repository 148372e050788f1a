package lint

import (
	"fmt"
	"go/ast"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/uvgo/uvgo/internal/uvheader"
)

// coverage compares libuv's exported functions with cuv's calls and with
// docs/coverage.md. Every function is exactly one of these: bound, with a Go name; used
// inside only; or left out, with a reason. What the locked libuv does not have yet is listed
// apart, with Go names if cuv calls it where a newer libuv has it.
func coverage(r *repo, functions []string, older bool) []string {
	doc, found := readCoverage(r)
	if doc == nil {
		return found
	}
	called, names := calledInC(r), goNames(r)
	for _, fn := range functions {
		said := doc.sections(fn)
		switch {
		case doc.omitted[fn] == "" && doc.inside[fn] == "" && doc.newer[fn] == "" && !called[fn]:
			found = append(found, doc.at(fn, "%s is neither called in cuv nor named with a reason", fn))
		case len(said) > 1:
			found = append(found, doc.at(fn, "%s stands under %s", fn, strings.Join(said, " and under ")))
		case doc.omitted[fn] != "" && called[fn]:
			found = append(found, doc.at(fn, "a reason why %s is not bound, but cuv calls it", fn))
		case doc.inside[fn] != "" && !called[fn]:
			found = append(found, doc.at(fn, "%s is said to serve inside, but cuv does not call it", fn))
		case doc.inside[fn] != "" && len(names[fn]) > 0:
			found = append(found, doc.at(fn, "%s is said to serve inside, but it is %s", fn, strings.Join(names[fn], ", ")))
		case doc.inside[fn] != "" || doc.omitted[fn] != "" || doc.newer[fn] != "":
		case len(names[fn]) == 0:
			found = append(found, doc.at(fn, "cuv calls %s, but no exported symbol's comment says \"C function %s\"", fn, fn))
		case doc.bound[fn] != strings.Join(names[fn], " "):
			found = append(found, doc.at(fn, "the row of %s is out of date: run `make generate`", fn))
		}
	}
	known := make(map[string]bool)
	for _, list := range names {
		for _, n := range list {
			known[n] = true
		}
	}
	for _, fn := range doc.all() {
		if doc.newer[fn] != "" {
			if said := inCode(doc.newer[fn]); called[fn] && !slices.Equal(said, names[fn]) {
				found = append(found, doc.at(fn, "%s is %s", fn, strings.Join(names[fn], " ")))
			} else if !called[fn] && len(names[fn]) > 0 {
				found = append(found, doc.at(fn, "cuv does not call %s", fn))
			}
			continue
		}
		if !slices.Contains(functions, fn) && !older {
			found = append(found, doc.at(fn, "%s: uv.h has none", fn))
		}
		for _, n := range strings.Fields(doc.bound[fn]) {
			if !known[n] {
				found = append(found, doc.at(fn, "there is no %s for %s", n, fn))
			}
		}
	}
	return found
}

// identifier matches libuv's names in C.
var identifier = regexp.MustCompile(`\buv_[a-z0-9_]+\b`)

// calledInC returns the names of libuv that cuv's sources use: in C outside comments
// and strings, in Go through the pseudo-package C.
func calledInC(r *repo) map[string]bool {
	called := make(map[string]bool)
	for _, f := range r.files {
		if path.Dir(f.path) != "cuv" || f.test {
			continue
		}
		switch path.Ext(f.path) {
		case ".c", ".h":
			text := cString.ReplaceAllString(uvheader.StripComments(f.text), `""`)
			for _, name := range identifier.FindAllString(text, -1) {
				called[name] = true
			}
		case ".go":
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok && x.Name == "C" {
						called[s.Sel.Name] = true
					}
				}
				return true
			})
		}
	}
	return called
}

var cString = regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"`)

// counterparts returns the names of libuv's functions and types that follow "C
// function" or "C functions" in a comment, up to the link or the end of the sentence.
func counterparts(doc string) []string {
	var names []string
	doc = strings.Join(strings.Fields(doc), " ")
	for _, m := range statement.FindAllStringSubmatch(doc, -1) {
		names = append(names, identifier.FindAllString(m[1], -1)...)
	}
	return names
}

var statement = regexp.MustCompile(`(?:\bC (?:functions?|types?|constants?)|\bcounterpart of) (.*?)(?:https://|\.(?: |$)|$)`)

// everyOf: if more types than that have a method, the table lists the method once, as
// handles.*.Close.
const everyOf = 4

// goNames maps libuv's functions to the exported symbols whose comments name them as
// their counterpart. The symbols are qualified, such as handles.NewTCP, and sorted.
func goNames(r *repo) map[string][]string {
	names := make(map[string][]string)
	for dir, files := range r.packages() {
		switch topDir(dir) {
		case "cuv", "internal", "server", "uvnet", "uvhttp", "tests", "examples", "cmd", "bench":
			continue
		}
		pkg, owners := files[0].ast.Name.Name, embedders(files)
		for _, s := range symbols(files) {
			for _, fn := range counterparts(s.doc) {
				names[fn] = append(names[fn], qualified(pkg, s, owners)...)
			}
		}
	}
	for fn, list := range names {
		// Methods of core.Core are listed only if there is no other symbol.
		if own := slices.DeleteFunc(slices.Clone(list), func(n string) bool { return strings.HasPrefix(n, "core.Core.") }); len(own) > 0 {
			list = own
		}
		slices.Sort(list)
		names[fn] = dropCovered(slices.Compact(list))
	}
	return names
}

// qualified returns the names by which a user calls a symbol. The method of an
// unexported type has the names of the exported types that embed it.
func qualified(pkg string, s symbol, owners map[string][]string) []string {
	if !s.method || ast.IsExported(receiver(s.fn)) {
		return []string{pkg + "." + s.name}
	}
	types := owners[receiver(s.fn)]
	if len(types) > everyOf {
		types = []string{"*"}
	}
	var all []string
	for _, t := range types {
		all = append(all, pkg+"."+t+"."+s.fn.Name.Name)
	}
	return all
}

// dropCovered removes the names that another name with a star includes.
func dropCovered(names []string) []string {
	return slices.DeleteFunc(names, func(n string) bool {
		p := strings.Split(n, ".")
		return len(p) == 3 && p[1] != "*" && slices.Contains(names, p[0]+".*."+p[2])
	})
}

// embedders maps a package's types to the exported types that embed them, directly or
// through other types.
func embedders(files []*file) map[string][]string {
	embeds := make(map[string][]string)
	for _, f := range files {
		for _, decl := range f.ast.Decls {
			if d, ok := decl.(*ast.GenDecl); ok {
				for _, spec := range d.Specs {
					if s, ok := spec.(*ast.TypeSpec); ok {
						embeds[s.Name.Name] = embedded(s.Type)
					}
				}
			}
		}
	}
	owners := make(map[string][]string)
	var climb func(owner, name string)
	climb = func(owner, name string) {
		for _, e := range embeds[name] {
			if !slices.Contains(owners[e], owner) {
				owners[e] = append(owners[e], owner)
				climb(owner, e)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(embeds)) {
		if ast.IsExported(name) {
			climb(name, name)
		}
	}
	return owners
}

// boundRows returns the rows of the table in docs/coverage.md that lists bound
// functions and their Go names.
func boundRows(r *repo, functions []string) string {
	doc, _ := readCoverage(r)
	called, names := calledInC(r), goNames(r)
	var b strings.Builder
	b.WriteString("| libuv | Go |\n|---|---|\n")
	for _, fn := range functions {
		if called[fn] && len(names[fn]) > 0 && doc.inside[fn] == "" {
			fmt.Fprintf(&b, "| %s | `%s` |\n", linked(fn), strings.Join(names[fn], "` `"))
		}
	}
	return b.String()
}

// linked returns a function's name with a link to its documentation.
func linked(fn string) string {
	page := pages()[fn]
	if len(page) == 0 {
		return "`" + fn + "`"
	}
	return fmt.Sprintf("[`%s`](%s%s.html#c.%s)", fn, manual, page[0], fn)
}
