package lint

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"
)

// exportedDocs finds exported symbols without a comment, outside cuv.
func exportedDocs(r *repo) []string {
	var found []string
	for dir, files := range r.packages() {
		if topDir(dir) == "cuv" {
			continue
		}
		for _, s := range symbols(files) {
			if s.doc == "" {
				found = append(found, r.at(s.pos, "%s has no comment", s.name))
			}
		}
	}
	return found
}

// packageDocs finds library packages without a doc.go, and commands without a package
// comment.
func packageDocs(r *repo) []string {
	type pkg struct {
		first       *ast.File
		main        bool
		doc, inFile bool // has a package comment; has it in doc.go
	}
	pkgs := make(map[string]*pkg)
	var dirs []string
	for _, f := range r.goFiles(func(f *file) bool { return !f.test }) {
		p := pkgs[f.dir()]
		if p == nil {
			p = &pkg{first: f.ast}
			pkgs[f.dir()] = p
			dirs = append(dirs, f.dir())
		}
		p.main = p.main || f.ast.Name.Name == "main"
		if f.ast.Doc.Text() != "" {
			p.doc = true
			p.inFile = p.inFile || strings.HasSuffix("/"+f.path, "/doc.go")
		}
	}
	var found []string
	for _, dir := range dirs {
		switch p := pkgs[dir]; {
		case p.main && !p.doc:
			found = append(found, r.at(p.first.Package, "command %s has no package comment", dir))
		case !p.main && !p.inFile:
			found = append(found, r.at(p.first.Package, "package %s has no doc.go with its comment", dir))
		}
	}
	return found
}

// without matches the words by which a comment says that a symbol has no counterpart in
// libuv.
var without = regexp.MustCompile(`(?i:no\s+libuv\s+counterpart)`)

// namesCFunction finds exported functions and methods of handles and requests whose
// comment says neither "C function uv_x" (or type) nor "no libuv counterpart".
func namesCFunction(r *repo) []string {
	var found []string
	used := make(map[string]bool)
	for dir, files := range r.packages() {
		if top := topDir(dir); top != "handles" && top != "requests" {
			continue
		}
		for _, s := range symbols(files) {
			if s.fn == nil || len(counterparts(s.doc)) > 0 || without.MatchString(s.doc) {
				continue
			}
			name := strings.ReplaceAll(dir, "/", ".") + "." + s.name
			used[name] = true
			if plainComments[name] == "" {
				found = append(found, r.at(s.pos, "the comment of %s says neither \"C function uv_…\" nor \"no libuv counterpart\"", s.name))
			}
		}
	}
	return append(found, stale("plainComments", plainComments, used)...)
}

// linksCounterparts finds comments that name a function or type which libuv does not
// have, and comments that name one without a link to its documentation.
func linksCounterparts(r *repo, functions []string) []string {
	var found []string
	for dir, files := range r.packages() {
		if top := topDir(dir); top == "cuv" || top == "internal" {
			continue
		}
		for _, s := range symbols(files) {
			names := counterparts(s.doc)
			linked, documented := false, false
			for _, name := range names {
				switch known := pages()[name]; {
				case len(known) > 0:
					documented = true
					linked = linked || linksTo(s.doc, name, known)
				case newerNames[name] != "":
				case !slices.Contains(functions, name):
					found = append(found, r.at(s.pos, "the comment of %s names %s, which libuv does not have", s.name, name))
				}
			}
			if documented && !linked {
				found = append(found, r.at(s.pos, "the comment of %s has no link to the manual's page of %s", s.name, names[0]))
			}
		}
	}
	return found
}

// linksStandAlone finds comments of exported symbols whose link to libuv's manual does not
// stand alone on the last line, where it would be part of the prose.
func linksStandAlone(r *repo) []string {
	var found []string
	for dir, files := range r.packages() {
		if top := topDir(dir); top == "cuv" || top == "internal" {
			continue
		}
		for _, s := range symbols(files) {
			lines := strings.Split(strings.TrimRight(s.doc, "\n"), "\n")
			for i, line := range lines {
				where := link.FindStringIndex(line)
				if where != nil && (i != len(lines)-1 || where[0] != 0 || where[1] != len(line) || i > 0 && lines[i-1] != "") {
					found = append(found, r.at(s.pos, "the link in the comment of %s does not stand alone on the last line", s.name))
				}
			}
		}
	}
	return found
}

// linksTo tells whether a comment links to the description of a name, or to the page
// that has it.
func linksTo(doc, name string, known []string) bool {
	for _, m := range link.FindAllStringSubmatch(doc, -1) {
		t := target.FindStringSubmatch(m[1])
		if t != nil && slices.Contains(known, t[1]) && (t[2] == "" || t[2] == name || !strings.HasPrefix(t[2], "uv_")) {
			return true
		}
	}
	return false
}

var getPrefix = regexp.MustCompile(`^Get([A-Z]|$)`)

// getters finds exported functions and methods named Get….
func getters(r *repo) []string {
	var found []string
	for dir, files := range r.packages() {
		if topDir(dir) == "cuv" {
			continue
		}
		for _, s := range symbols(files) {
			if s.fn != nil && getPrefix.MatchString(s.fn.Name.Name) && getNames[s.fn.Name.Name] == "" {
				found = append(found, r.at(s.pos, "%s: Go's accessors have no Get", s.name))
			}
		}
	}
	return found
}
