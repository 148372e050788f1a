package lint

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// maxLines is how long a file may be. A longer one mostly does two things, and one of
// them can be moved out.
const maxLines = 400

// longSources finds Go and C files past maxLines.
func longSources(r *repo) []string {
	var found []string
	used := make(map[string]bool)
	for _, f := range r.files {
		if !slices.Contains([]string{".go", ".c", ".h"}, path.Ext(f.path)) || f.generated {
			continue
		}
		n := strings.Count(f.text, "\n")
		if n <= maxLines {
			continue
		}
		used[f.path] = true
		if longFiles[f.path] == "" {
			found = append(found, fmt.Sprintf("%s:%d: %d lines, more than %d", f.path, maxLines+1, n, maxLines))
		}
	}
	return append(found, stale("longFiles", longFiles, used)...)
}

// generatedName is how generated files are named: errno_gen_linux.go.
var generatedName = regexp.MustCompile(`_gen(_[a-z0-9]+)?\.go$`)

// generatedHeaders finds generated files without Go's header for them, and
// the header in files that are named otherwise.
func generatedHeaders(r *repo) []string {
	var found []string
	for _, f := range r.goFiles(func(*file) bool { return true }) {
		switch named := generatedName.MatchString(f.path) && !f.test; {
		case named && !f.generated:
			found = append(found, r.at(f.ast.FileStart, `no line "// Code generated … DO NOT EDIT." before the package clause`))
		case !named && f.generated:
			found = append(found, r.at(f.ast.FileStart, "generated files are named *_gen.go or *_gen_GOOS.go"))
		}
	}
	return found
}

// requiredModules finds modules that the root go.mod may not require.
func requiredModules(r *repo) []string {
	var found []string
	for _, f := range r.files {
		if f.path != "go.mod" {
			continue
		}
		block, line := "", 0
		for text := range strings.Lines(f.text) {
			line++
			text, _, _ = strings.Cut(text, "//")
			fields := strings.Fields(text)
			switch {
			case len(fields) == 0:
				continue
			case fields[0] == ")":
				block = ""
				continue
			case block != "":
				fields = append([]string{block}, fields...)
			case len(fields) == 2 && fields[1] == "(":
				block = fields[0]
				continue
			}
			switch fields[0] {
			case "require":
				if len(fields) > 1 && modules[fields[1]] == "" {
					found = append(found, fmt.Sprintf("%s:%d: the root module requires %s", f.path, line, fields[1]))
				}
			case "replace", "exclude", "tool":
				found = append(found, fmt.Sprintf("%s:%d: the root module has a %s directive", f.path, line, fields[0]))
			}
		}
	}
	return found
}

// unfinished matches notes of unfinished work. The words are split, so that the rule
// does not find this line.
var unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME)\b`)

// unfinishedNotes finds such notes in any text file.
func unfinishedNotes(r *repo) []string {
	var found []string
	for _, f := range r.files {
		line := 0
		for text := range strings.Lines(f.text) {
			line++
			if m := unfinished.FindString(text); m != "" {
				found = append(found, fmt.Sprintf("%s:%d: %s: finish it, or open an issue", f.path, line, m))
			}
		}
	}
	return found
}

// testMains finds packages whose tests run without the leak checks of uvtest.Main.
func testMains(r *repo) []string {
	first := make(map[string]*file)
	covered := make(map[string]bool)
	for _, f := range r.goFiles(func(f *file) bool { return f.root && f.test }) {
		if first[f.dir()] == nil {
			first[f.dir()] = f
		}
		if strings.Contains(f.text, "uvtest.Main(m") || strings.Contains(f.text, "looptest.Main(m") || f.dir() == "internal/uvtest" && strings.Contains(f.text, "Main(m") {
			covered[f.dir()] = true
		}
	}
	var found []string
	for dir, f := range first {
		if !covered[dir] {
			found = append(found, r.at(f.ast.Package, "the tests of %s have no TestMain that calls uvtest.Main", dir))
		}
	}
	return found
}
