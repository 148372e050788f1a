package lint

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// A cFunction is a declaration or definition of a function of cuv with external
// linkage.
type cFunction struct {
	name string
	file string // base name
	line int
	body bool
	head string // of a declaration: the .c file that the comment above it names
}

func (fn cFunction) found(format string, args ...any) string {
	return fmt.Sprintf("cuv/%s:%d: ", fn.file, fn.line) + fmt.Sprintf(format, args...)
}

// cHeadings finds functions of cuv that no header declares, and functions that a header
// declares under a comment line which does not name the file that defines them.
func cHeadings(r *repo) []string {
	defined := make(map[string][]string) // once for each system at most
	var declared, bodies []cFunction
	for _, f := range cuvSources(r) {
		for _, fn := range cFunctions(f) {
			switch {
			case fn.body && path.Ext(fn.file) == ".c":
				defined[fn.name] = append(defined[fn.name], fn.file)
				bodies = append(bodies, fn)
			case !fn.body && path.Ext(fn.file) == ".h":
				declared = append(declared, fn)
			}
		}
	}
	var found []string
	known := make(map[string]bool)
	for _, fn := range declared {
		known[fn.name] = true
		if files := defined[fn.name]; len(files) == 0 {
			found = append(found, fn.found("%s is defined nowhere", fn.name))
		} else if !slices.Contains(files, fn.head) {
			found = append(found, fn.found("%s stands under %q, and %s defines it", fn.name, fn.head, files[0]))
		}
	}
	for _, fn := range bodies {
		if !known[fn.name] {
			known[fn.name] = true
			found = append(found, fn.found("no header declares %s", fn.name))
		}
	}
	return found
}

// cOrder finds calls between cuv's C files in the direction that the list in cuv.h
// forbids, and files that are not in the list.
func cOrder(r *repo) []string {
	defined := make(map[string]string)
	place := make(map[string]int) // a file's position in the list
	sources := cuvSources(r)
	for _, f := range sources {
		if f.path == "cuv/cuv.h" {
			for _, line := range cListed.FindAllString(cComment.FindString(f.text), -1) {
				for _, name := range cName.FindAllString(line, -1) {
					place[name] = len(place) + 1
				}
			}
		}
		for _, fn := range cFunctions(f) {
			if fn.body && path.Ext(fn.file) == ".c" {
				defined[fn.name] = fn.file
			}
		}
	}
	var found []string
	for _, f := range sources {
		base := path.Base(f.path)
		if path.Ext(base) != ".c" {
			continue
		}
		if place[base] == 0 {
			found = append(found, fmt.Sprintf("%s:1: the list in cuv.h lacks it", f.path))
			continue
		}
		calls := make(map[string]string)
		for _, name := range cIdentifier.FindAllString(cCode(f.text), -1) {
			if to := defined[name]; to != "" && to != base && place[to] != 0 && place[to] < place[base] {
				calls[to] = max(calls[to], name)
			}
		}
		for _, to := range slices.Sorted(maps.Keys(calls)) {
			found = append(found, fmt.Sprintf("%s:1: %s is %s's, which stands in front of it in the list of cuv.h", f.path, calls[to], to))
		}
	}
	return found
}

// cAllocations finds calls of the C library's allocator outside alloc.c, which counts
// what is allocated: it would not know of these.
func cAllocations(r *repo) []string {
	var found []string
	for _, f := range cuvSources(r) {
		if f.path == "cuv/alloc.c" {
			continue
		}
		code := cCode(f.text)
		for _, m := range cAllocator.FindAllStringSubmatchIndex(code, -1) {
			found = append(found, fmt.Sprintf("%s:%d: calls %s: the functions of alloc.c count what they allocate and free",
				f.path, 1+strings.Count(code[:m[2]], "\n"), code[m[2]:m[3]]))
		}
	}
	return found
}

var (
	cAllocator  = regexp.MustCompile(`\b(malloc|calloc|realloc|strdup|strndup|free)\(`)
	cComment    = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cHeading    = regexp.MustCompile(`^/\* (\w+\.c)\b[^/]*\*/$`)
	cIdentifier = regexp.MustCompile(`\bcuv_[a-z0-9_]+\b`)
	cSignature  = regexp.MustCompile(`(?m)^[a-z][^\n;{}()=]*?\b(cuv_[a-z0-9_]+)\(`)
	cListed     = regexp.MustCompile(`(?m)^ \*   .*$`) // a line of the list: it is indented
	cName       = regexp.MustCompile(`\b\w+\.c\b`)
)

// cuvSources returns the C files of package cuv, in the order of their names.
func cuvSources(r *repo) []*file {
	var files []*file
	for _, f := range r.files {
		if ext := path.Ext(f.path); f.dir() == "cuv" && (ext == ".c" || ext == ".h") {
			files = append(files, f)
		}
	}
	slices.SortFunc(files, func(a, b *file) int { return cmp.Compare(a.path, b.path) })
	return files
}

// cCode removes comments and strings from C. The code stays on the same lines.
func cCode(text string) string {
	text = cComment.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat("\n", strings.Count(s, "\n")) })
	return cString.ReplaceAllString(text, `""`)
}

// cFunctions returns the functions that a C file declares or defines at the beginning
// of a line, except static ones.
func cFunctions(f *file) []cFunction {
	var all []cFunction
	heads := strings.Split(f.text, "\n")
	code := cCode(f.text)
	for _, m := range cSignature.FindAllStringSubmatchIndex(code, -1) {
		first, _, _ := strings.Cut(code[m[0]:m[1]], " ")
		if first == "static" || first == "typedef" {
			continue
		}
		end := m[1]
		for depth := 1; depth > 0 && end < len(code); end++ {
			switch code[end] {
			case '(':
				depth++
			case ')':
				depth--
			}
		}
		fn := cFunction{name: code[m[2]:m[3]], file: path.Base(f.path), line: 1 + strings.Count(code[:m[0]], "\n")}
		fn.body = strings.HasPrefix(strings.TrimSpace(code[end:]), "{")
		for i := fn.line - 1; i >= 0 && fn.head == ""; i-- {
			if h := cHeading.FindStringSubmatch(heads[i]); h != nil {
				fn.head = h[1]
			}
		}
		all = append(all, fn)
	}
	return all
}
