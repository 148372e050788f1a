package lint

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// semanticsFile holds the numbered rules that the lists of tests/ cite.
const semanticsFile = "docs/semantics.md"

var (
	ruleHead  = regexp.MustCompile(`^- \*\*S([0-9]+) `)
	ruleCited = regexp.MustCompile(`\bS[0-9]+\b`)
)

// semanticRules finds rules of docs/semantics.md whose numbers do not count from 1. It
// also finds citations of rules that do not exist, in the lists of tests/ and in the
// file itself.
func semanticRules(r *repo) []string {
	var found []string
	rules := make(map[string]bool)
	for _, f := range r.files {
		if f.path != semanticsFile {
			continue
		}
		line := 0
		for text := range strings.Lines(f.text) {
			line++
			m := ruleHead.FindStringSubmatch(text)
			if m == nil {
				if strings.HasPrefix(text, "- ") {
					found = append(found, fmt.Sprintf("%s:%d: a rule without a number", f.path, line))
				}
				continue
			}
			if want := fmt.Sprint(len(rules) + 1); m[1] != want {
				found = append(found, fmt.Sprintf("%s:%d: rule S%s, where S%s is next", f.path, line, m[1], want))
			}
			rules["S"+m[1]] = true
		}
	}
	for _, f := range r.files {
		if f.path != semanticsFile && path.Ext(f.path) != ".tsv" {
			continue
		}
		line := 0
		for text := range strings.Lines(f.text) {
			line++
			for _, s := range ruleCited.FindAllString(text, -1) {
				if !rules[s] {
					found = append(found, fmt.Sprintf("%s:%d: %s has no rule %s", f.path, line, semanticsFile, s))
				}
			}
			if strings.HasPrefix(text, "#") && strings.Contains(text, "S… = ") && !strings.Contains(text, semanticsFile) {
				found = append(found, fmt.Sprintf("%s:%d: S… are rules of %s", f.path, line, semanticsFile))
			}
		}
	}
	return found
}
