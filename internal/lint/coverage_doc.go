package lint

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// coverageFile is where libuv's functions and their Go names are listed.
const coverageFile = "docs/coverage.md"

// The generated table of bound functions is between these lines.
const (
	tableBegin = "<!-- bound: written by make generate -->\n"
	tableEnd   = "<!-- end of bound -->\n"
)

// The headings of the sections. The section says what a row means.
const (
	headBound   = "## Bound"
	headInside  = "## Used inside"
	headOmitted = "## Not bound, by design"
	headNewer   = "## Since 1.51"
)

// A coverageDoc is the content of docs/coverage.md, by sections.
type coverageDoc struct {
	bound   map[string]string // Go names
	inside  map[string]string // what they are used for
	omitted map[string]string // the reasons
	newer   map[string]string // Go names, or a reason, of what the locked libuv does not have
	lines   map[string]int
}

// row matches a row of a table: the first cell and the rest.
var row = regexp.MustCompile(`^\| (\S.*?) \| (.*?) *\|$`)

// readCoverage parses the file. It also returns findings about the file's form.
func readCoverage(r *repo) (*coverageDoc, []string) {
	i := slices.IndexFunc(r.files, func(f *file) bool { return f.path == coverageFile })
	if i < 0 {
		return nil, []string{coverageFile + ": is missing"}
	}
	d := &coverageDoc{map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}, map[string]int{}}
	var found []string
	section, line := "", 0
	for text := range strings.Lines(r.files[i].text) {
		line++
		text = strings.TrimRight(text, "\n")
		if strings.HasPrefix(text, "#") {
			section = text
			continue
		}
		m := row.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		names := inCode(m[1])
		for _, fn := range names {
			if d.lines[fn] != 0 && slices.Contains(d.sections(fn), section) {
				found = append(found, fmt.Sprintf("%s:%d: %s occurs twice", coverageFile, line, fn))
			}
			if strings.TrimSpace(m[2]) == "" {
				found = append(found, fmt.Sprintf("%s:%d: %s has no reason", coverageFile, line, fn))
			}
			d.lines[fn] = line
			switch section {
			case headBound:
				d.bound[fn] = strings.Join(inCode(m[2]), " ")
			case headInside:
				d.inside[fn] = m[2]
			case headOmitted:
				d.omitted[fn] = m[2]
			case headNewer:
				d.newer[fn] = m[2]
			}
		}
	}
	return d, found
}

// inCode returns the texts between backquotes in a line.
func inCode(text string) []string {
	var all []string
	for i, part := range strings.Split(text, "`") {
		if i%2 == 1 {
			all = append(all, part)
		}
	}
	return all
}

// sections returns the sections that list a function.
func (d *coverageDoc) sections(fn string) []string {
	var in []string
	for _, s := range []struct {
		head string
		here bool
	}{
		{headBound, d.bound[fn] != ""},
		{headInside, d.inside[fn] != ""},
		{headOmitted, d.omitted[fn] != ""},
		{headNewer, d.newer[fn] != ""},
	} {
		if s.here {
			in = append(in, s.head)
		}
	}
	return in
}

// all returns the functions that the file names.
func (d *coverageDoc) all() []string { return slices.Sorted(maps.Keys(d.lines)) }

// at formats a finding about a function.
func (d *coverageDoc) at(fn, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: ", coverageFile, max(d.lines[fn], 1)) + fmt.Sprintf(format, args...)
}

// withTable replaces the generated table of the file's text.
func withTable(text, table string) (string, error) {
	head, rest, ok := strings.Cut(text, tableBegin)
	_, tail, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		return "", fmt.Errorf("%s has no lines %q and %q", coverageFile, tableBegin, tableEnd)
	}
	return head + tableBegin + table + tableEnd + tail, nil
}
