package lint

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// exampleLines is how long an example's source may be.
const exampleLines = 150

// examplesShape finds examples that no test runs, that examples/README.md does not
// list, or that are too long. It also finds listed examples that do not exist. A module
// of several programs, such as examples/web, is listed by its programs.
func examplesShape(r *repo) []string {
	const readme = "examples/README.md"
	list := ""
	tested := make(map[string]bool) // every example, and whether a test runs it
	var found []string
	for _, f := range r.files {
		if f.path == readme {
			list = f.text
		}
		rest, ok := strings.CutPrefix(f.path, "examples/")
		if !ok || path.Ext(f.path) == ".md" {
			continue
		}
		name := exampleOf(r, rest)
		if name == "" {
			continue
		}
		tested[name] = tested[name] || f.test && strings.Contains(f.text, "func Test")
		if n := strings.Count(f.text, "\n"); n > exampleLines && !f.test {
			found = append(found, fmt.Sprintf("%s:%d: %d lines, more than %d", f.path, exampleLines+1, n, exampleLines))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(tested)) {
		if !tested[name] && !testedElsewhere(r, name) {
			found = append(found, "examples/"+name+": no test runs it")
		}
		if !strings.Contains(list, "["+name+"]("+name+"/") {
			found = append(found, fmt.Sprintf("%s: no line \"| [%s](%s/… | what it shows |\"", readme, name, name))
		}
	}
	for line := range strings.Lines(list) {
		if rest, ok := strings.CutPrefix(line, "| ["); ok {
			name, _, _ := strings.Cut(rest, "]")
			if _, there := tested[name]; !there {
				found = append(found, readme+": lists "+name+", which is not there")
			}
			if strings.Count(list, "| ["+name+"]") > 1 {
				found = append(found, readme+": lists "+name+" twice")
			}
		}
	}
	return found
}

// exampleOf returns the example to which a file below examples/ belongs, such as "grpc" or
// "web/chi". It is "" for what the programs of a module share.
func exampleOf(r *repo, name string) string {
	top := topDir(name)
	has := func(rel string) bool {
		return slices.ContainsFunc(r.files, func(f *file) bool { return f.path == "examples/"+rel })
	}
	if !has(top+"/go.mod") || has(top+"/main.go") {
		return top
	}
	sub, _, deeper := strings.Cut(strings.TrimPrefix(name, top+"/"), "/")
	if !deeper || sub == "internal" {
		return ""
	}
	return top + "/" + sub
}

// testedElsewhere tells whether the tests with real servers run an example of a module of
// several programs.
func testedElsewhere(r *repo, name string) bool {
	dir, program := path.Split(name)
	call := fmt.Sprintf("buildExample(t, %q, %q)", strings.TrimSuffix(dir, "/"), program)
	return slices.ContainsFunc(r.files, func(f *file) bool {
		return f.test && strings.HasPrefix(f.path, "tests/interop/") && strings.Contains(f.text, call)
	})
}
