package lint

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// withoutStems are the top directories whose test files need not be named after a file.
// They hold suites and programs, and cuv's tests are named after C files.
var withoutStems = []string{"bench", "cuv", "examples", "tests"}

var (
	// freeStem matches test files that every package may have.
	freeStem = regexp.MustCompile(`^(main|kit|export|zero|bench|example)(_|$)|_kit$`)
	// system is what a build tag adds to a file's name.
	system = regexp.MustCompile(`_(linux|darwin|unix|other|amd64|arm64)$`)
)

// testStems finds test files that are not named after a file of their package.
// timer_test.go and timer_fuzz_test.go are named after timer.go.
func testStems(r *repo) []string {
	stems := make(map[string]bool) // of sources, with their directories
	for _, f := range r.goFiles(func(f *file) bool { return !f.test }) {
		stems[path.Join(f.dir(), stem(f))] = true
	}
	var found []string
	used := make(map[string]bool)
	for _, f := range r.goFiles(func(f *file) bool { return f.root && f.test }) {
		if slices.Contains(withoutStems, topDir(f.dir())) || freeStem.MatchString(stem(f)) || hasSource(stems, f) {
			continue
		}
		used[f.path] = true
		if testNames[f.path] == "" {
			found = append(found, r.at(f.ast.Package, "%s has no file %s.go: name the test after the file that it tests", f.dir(), stem(f)))
		}
	}
	return append(found, stale("testNames", testNames, used)...)
}

// hasSource tells whether a source has the test's stem, or a part of the stem that ends
// before a "_".
func hasSource(stems map[string]bool, f *file) bool {
	for s := stem(f); ; {
		if stems[path.Join(f.dir(), s)] {
			return true
		}
		i := strings.LastIndexByte(s, '_')
		if i < 0 {
			return false
		}
		s = s[:i]
	}
}

// stem returns a file's name without its ending and without the system for which it is
// built.
func stem(f *file) string {
	s := strings.TrimSuffix(path.Base(f.path), ".go")
	return system.ReplaceAllString(strings.TrimSuffix(s, "_test"), "")
}
