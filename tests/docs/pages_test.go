package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// A snippet is Go code on a page: a fenced block, or code between backticks in a table.
type snippet struct {
	page string // such as docs/server.md
	line int
	code string
}

// pagePaths returns the paths of the pages, relative to the repository.
func pagePaths(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*.md", "examples/*/*.md"} {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			name, err = filepath.Rel(root, name)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, filepath.ToSlash(name))
		}
	}
	if !slices.Contains(all, "README.md") || !slices.Contains(all, "docs/server.md") {
		t.Fatal("README.md or docs/server.md is not among the pages", all)
	}
	return all
}

func readPage(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// goBlocks returns the fenced blocks of Go of a page.
func goBlocks(page, text string) []snippet {
	var all []snippet
	var block *snippet
	fenced, n := false, 0
	for line := range strings.Lines(text) {
		n++
		trimmed := strings.TrimSpace(line)
		switch {
		case !fenced && strings.HasPrefix(trimmed, "```"):
			fenced = true
			if lang := strings.TrimPrefix(trimmed, "```"); lang == "go" {
				block = &snippet{page: page, line: n + 1}
			}
		case fenced && trimmed == "```":
			fenced = false
			if block != nil {
				all = append(all, *block)
				block = nil
			}
		case block != nil:
			block.code += line
		}
	}
	return all
}

var (
	code      = regexp.MustCompile("`([^`]+)`")
	separator = regexp.MustCompile(`^\|[-| :]+\|$`)
)

// tableCode returns the code in the columns of a page's tables whose heading begins with a name that
// takes accepts.
func tableCode(page, text string, takes func(heading string) bool) []snippet {
	var all []snippet
	var taken []bool
	previous, n := "", 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		switch {
		case separator.MatchString(line):
			taken = nil
			for _, cell := range cells(previous) {
				heading, _, _ := strings.Cut(strings.Trim(cell, "`"), ",")
				taken = append(taken, takes(strings.Trim(heading, "`")))
			}
		case !strings.HasPrefix(line, "|"):
			taken = nil
		default:
			for i, cell := range cells(line) {
				if i < len(taken) && taken[i] {
					for _, m := range code.FindAllStringSubmatch(cell, -1) {
						all = append(all, snippet{page, n, m[1]})
					}
				}
			}
		}
		previous = line
	}
	return all
}

// cells splits a row of a table. A "|" in a cell is written "\|".
func cells(row string) []string {
	row = strings.ReplaceAll(strings.Trim(row, "|"), `\|`, "\x00")
	var all []string
	for _, cell := range strings.Split(row, "|") {
		all = append(all, strings.TrimSpace(strings.ReplaceAll(cell, "\x00", "|")))
	}
	return all
}
