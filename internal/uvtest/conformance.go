//go:build unix

package uvtest

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// Conformance ties subtests to a table of behaviours, a tab-separated file with
// an area and a name first in each row; lines that start with # are comments.
// It runs t.Run(name, tests[name]) for each row of the areas, in their order.
//
// It fails for a row that has neither a subtest nor a reason in except, and
// for a subtest or an exception that has no row, so neither can go stale.
func Conformance(t *testing.T, file string, areas []string, tests map[string]func(*testing.T), except map[string]string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	names, problems := matchRows(string(text), areas, tests, except)
	for _, p := range problems {
		t.Errorf("%s: %s", file, p)
	}
	for _, name := range names {
		t.Run(name, tests[name])
	}
}

// Areas returns the areas of a table, except those named. Each of the named areas must
// have rows.
func Areas(t *testing.T, file string, but ...string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var areas []string
	for text := range strings.Lines(string(text)) {
		area, _, _ := strings.Cut(strings.TrimSpace(text), "\t")
		if area != "" && !strings.HasPrefix(area, "#") && !slices.Contains(areas, area) {
			areas = append(areas, area)
		}
	}
	for _, b := range but {
		if !slices.Contains(areas, b) {
			t.Errorf("%s has no area %s to leave out", file, b)
		}
	}
	return slices.DeleteFunc(areas, func(a string) bool { return slices.Contains(but, a) })
}

// matchRows returns the names of the rows that have a subtest, in the table's order,
// and the mismatches.
func matchRows(table string, areas []string, tests map[string]func(*testing.T), except map[string]string) (names, problems []string) {
	report := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	rows, used := make(map[string]bool), make(map[string]bool)
	line := 0
	for text := range strings.Lines(table) {
		line++
		area, rest, ok := strings.Cut(strings.TrimRight(text, "\r\n"), "\t")
		if strings.HasPrefix(area, "#") || strings.TrimSpace(text) == "" {
			continue
		}
		name, _, _ := strings.Cut(rest, "\t")
		if !ok || area == "" || name == "" {
			report("line %d has no area and name", line)
			continue
		}
		if !slices.Contains(areas, area) {
			continue
		}
		used[area] = true
		if rows[name] {
			report("line %d: %s occurs twice", line, name)
			continue
		}
		rows[name] = true
		reason, excepted := except[name]
		switch fn := tests[name]; {
		case fn != nil && excepted:
			report("line %d: %s is an exception, yet has a subtest", line, name)
		case fn != nil:
			names = append(names, name)
		case !excepted:
			report("line %d: %s (%s) has no subtest", line, name, area)
		case reason == "":
			report("line %d: %s is an exception without a reason", line, name)
		}
	}
	for _, area := range areas {
		if !used[area] {
			report("area %s has no rows", area)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		if !rows[name] {
			report("subtest %s has no row in %s", name, strings.Join(areas, ", "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(except)) {
		if !rows[name] {
			report("exception %s has no row in %s", name, strings.Join(areas, ", "))
		}
	}
	return names, problems
}
