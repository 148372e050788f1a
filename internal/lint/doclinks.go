package lint

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"unicode"
)

var (
	// mdLink matches a link of Markdown, or an image: [text](target).
	mdLink = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	// mdHeading matches a heading.
	mdHeading = regexp.MustCompile(`^#{1,6} +(.*?)[ #]*$`)
	// mdName matches an anchor that is written in HTML.
	mdName = regexp.MustCompile(`<a (?:name|id)="([^"]*)"`)
	// elsewhere matches a target that is no file of the repository.
	elsewhere = regexp.MustCompile(`^[a-z][a-z+.-]*:`)
)

// prose returns the lines of a Markdown text by their numbers from 1. Lines of fenced code, and code
// between backticks if noCode is set, are empty.
func prose(text string, noCode bool) []string {
	lines := []string{""}
	fence := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch trimmed := strings.TrimLeft(line, " "); {
		case fence != "":
			if strings.TrimRight(trimmed, "`") == "" && strings.HasPrefix(trimmed, fence) {
				fence = ""
			}
			line = ""
		case strings.HasPrefix(trimmed, "```"):
			fence = trimmed[:len(trimmed)-len(strings.TrimLeft(trimmed, "`"))]
			line = ""
		case noCode:
			line = inlineCode.ReplaceAllString(line, "")
		}
		lines = append(lines, line)
	}
	return lines
}

// inlineCode matches code between backticks.
var inlineCode = regexp.MustCompile("`[^`]*`")

// anchors returns the anchors of a Markdown text, as GitHub names them.
func anchors(text string) map[string]bool {
	all := make(map[string]bool)
	for _, line := range prose(text, false) {
		if m := mdHeading.FindStringSubmatch(line); m != nil {
			name := slug(m[1])
			for n, base := 1, name; all[name]; n++ {
				name = fmt.Sprintf("%s-%d", base, n)
			}
			all[name] = true
		}
		for _, m := range mdName.FindAllStringSubmatch(line, -1) {
			all[m[1]] = true
		}
	}
	return all
}

// slug is the anchor that GitHub gives a heading.
func slug(heading string) string {
	heading = regexp.MustCompile(`\]\([^)]*\)`).ReplaceAllString(heading, "]")
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(heading))
}

// brokenLinks finds links of Markdown files to files and headings that are not there.
func brokenLinks(r *repo) []string {
	var found []string
	known := make(map[string]map[string]bool) // anchors by file
	for _, f := range r.files {
		if path.Ext(f.path) != ".md" {
			continue
		}
		for n, line := range prose(f.text, true) {
			for _, m := range mdLink.FindAllStringSubmatch(line, -1) {
				if why := r.brokenLink(f, m[1], known); why != "" {
					found = append(found, fmt.Sprintf("%s:%d: %s", f.path, n, why))
				}
			}
		}
	}
	return found
}

// brokenLink says what is wrong with a link of f. It returns "" if the link is right, or leads out of the repository.
func (r *repo) brokenLink(f *file, link string, known map[string]map[string]bool) string {
	if elsewhere.MatchString(link) {
		return ""
	}
	name, anchor, _ := strings.Cut(link, "#")
	to := f.path
	if name != "" {
		to = path.Join(f.dir(), name)
	}
	info, err := fs.Stat(r.fsys, to)
	switch {
	case err != nil:
		return "the link to " + link + " leads to no file"
	case anchor == "":
		return ""
	case info.IsDir():
		to = path.Join(to, "README.md")
	}
	if path.Ext(to) != ".md" {
		return ""
	}
	if known[to] == nil {
		text, err := fs.ReadFile(r.fsys, to)
		if err != nil {
			return "the link to " + link + " leads to a directory without README.md"
		}
		known[to] = anchors(string(text))
	}
	if !known[to][anchor] {
		return fmt.Sprintf("the link to %s: %s has no heading #%s", link, to, anchor)
	}
	return ""
}

// unlistedPages finds pages of docs/ that docs/README.md, the index and the site's home, does not name.
func unlistedPages(r *repo) []string {
	const index = "docs/README.md"
	list := ""
	for _, f := range r.files {
		if f.path == index {
			list = f.text
		}
	}
	var found []string
	for _, f := range r.files {
		if f.dir() == "docs" && path.Ext(f.path) == ".md" && f.path != index && !strings.Contains(list, path.Base(f.path)) {
			found = append(found, fmt.Sprintf("%s: %s is missing: add a row to its table, and one to docs/site/nav.json", index, path.Base(f.path)))
		}
	}
	return append(found, unlistedInSidebar(r)...)
}

// unlistedInSidebar finds pages of docs/ that the site's sidebar does not name, or names twice.
func unlistedInSidebar(r *repo) []string {
	const nav = "docs/site/nav.json"
	text, err := fs.ReadFile(r.fsys, nav)
	if err != nil {
		return nil // no site
	}
	var found []string
	for _, f := range r.files {
		if f.dir() != "docs" || path.Ext(f.path) != ".md" {
			continue
		}
		if n := strings.Count(string(text), `"`+f.path+`"`); n != 1 {
			found = append(found, fmt.Sprintf("%s: %s is there %d times, want once", nav, f.path, n))
		}
	}
	return found
}
