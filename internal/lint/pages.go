package lint

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// manual is the address of libuv's documentation.
const manual = "https://docs.libuv.org/en/v1.x/"

// pagesTable has a line for each name that libuv documents, with its page.
//
//go:embed testdata/pages.tsv
var pagesTable string

// pages maps libuv's names to their pages.
var pages = sync.OnceValue(func() map[string][]string {
	all := make(map[string][]string)
	for line := range strings.Lines(pagesTable) {
		if name, page, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && !strings.HasPrefix(line, "#") {
			all[name] = append(all[name], page)
		}
	}
	return all
})

// link matches a link to libuv's documentation: the page and the anchor.
var link = regexp.MustCompile(`https?://docs\.libuv\.org/([^\s)>\]"` + "`" + `]*)`)

// target matches what follows docs.libuv.org in a link that is right in form.
var target = regexp.MustCompile(`^en/v1\.x/(?:(\w+)\.html(?:#(?:c\.)?([\w-]+))?)?[.,;:]?$`)

// manualLinks finds links to libuv's documentation whose page does not exist, or does
// not have the name to which the link points.
func manualLinks(r *repo) []string {
	known := make(map[string]bool)
	for _, list := range pages() {
		for _, p := range list {
			known[p] = true
		}
	}
	var found []string
	for _, f := range r.files {
		if f.test && f.dir() == "internal/lint" {
			continue // shows wrong ones
		}
		line := 0
		for text := range strings.Lines(f.text) {
			line++
			for _, m := range link.FindAllStringSubmatch(text, -1) {
				if why := wrongLink(m[1], known); why != "" {
					found = append(found, fmt.Sprintf("%s:%d: %s", f.path, line, why))
				}
			}
		}
	}
	return found
}

// wrongLink says what is wrong with a link. It returns "" if the link is right.
func wrongLink(rest string, known map[string]bool) string {
	m := target.FindStringSubmatch(rest)
	switch {
	case m == nil:
		return "the link to " + rest + " is not of the form en/v1.x/page.html#c.name"
	case m[1] == "" || m[1] == "design" || m[1] == "api":
		return ""
	case !known[m[1]]:
		return "docs.libuv.org has no page " + m[1]
	case !strings.Contains(rest, "#c."):
		return ""
	case len(pages()[m[2]]) == 0:
		return "docs.libuv.org does not describe " + m[2]
	case !slices.Contains(pages()[m[2]], m[1]):
		return fmt.Sprintf("docs.libuv.org describes %s on page %s, not %s", m[2], strings.Join(pages()[m[2]], ", "), m[1])
	}
	return ""
}
