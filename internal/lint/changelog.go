package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A release is one version's part of CHANGELOG.md.
type release struct {
	version  string            // "v0.1.0", or "" for what has not been released
	sections map[string]string // the text by its heading, such as "Added"
}

// changeKinds are the headings of keepachangelog.com, in its order.
var changeKinds = []string{"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}

var (
	unreleasedHead = "Unreleased"
	releaseHead    = regexp.MustCompile(`^(\d+\.\d+\.\d+) - \d{4}-\d{2}-\d{2}$`)
)

// parseChangelog reads CHANGELOG.md, newest version first, and returns what is wrong with
// its form.
func parseChangelog(text string) (releases []release, found []string) {
	n, section := 0, ""
	complain := func(format string, args ...any) {
		found = append(found, fmt.Sprintf("CHANGELOG.md:%d: ", n)+fmt.Sprintf(format, args...))
	}
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\n")
		if head, ok := strings.CutPrefix(line, "## "); ok {
			r := release{sections: make(map[string]string)}
			if m := releaseHead.FindStringSubmatch(head); m != nil {
				r.version = "v" + m[1]
			} else if head != unreleasedHead {
				complain("%q is neither %q nor like \"0.1.0 - 2026-11-28\"", head, unreleasedHead)
			}
			releases, section = append(releases, r), ""
			continue
		}
		if len(releases) == 0 {
			continue
		}
		last := releases[len(releases)-1]
		if head, ok := strings.CutPrefix(line, "### "); ok {
			if !slices.Contains(changeKinds, head) {
				complain("%q is none of %s", head, strings.Join(changeKinds, ", "))
			}
			if _, twice := last.sections[head]; twice {
				complain("%q comes twice in one version", head)
			}
			section, last.sections[head] = head, ""
			continue
		}
		if section != "" {
			last.sections[section] += line + "\n"
		} else if strings.HasPrefix(line, "- ") {
			complain("a change without a heading such as ### Added")
		}
	}
	return releases, append(found, orderOfReleases(releases)...)
}

// orderOfReleases finds a changelog that does not begin with Unreleased and go on with
// older and older versions, and a first version that changes what nobody had.
func orderOfReleases(releases []release) (found []string) {
	if len(releases) == 0 || releases[0].version != "" {
		return []string{"CHANGELOG.md: does not begin with ## " + unreleasedHead}
	}
	for i, r := range releases[1:] {
		if older := releases[i]; older.version != "" && compareVersions(older.version, r.version) <= 0 {
			found = append(found, fmt.Sprintf("CHANGELOG.md: %s comes before %s", older.version, r.version))
		}
	}
	if first := releases[len(releases)-1]; first.version != "" {
		for _, kind := range []string{"Changed", "Deprecated", "Removed", "Fixed"} {
			if _, has := first.sections[kind]; has {
				found = append(found, fmt.Sprintf("CHANGELOG.md: %s is the first version, so nothing in it is %s", first.version, kind))
			}
		}
	}
	return found
}

// compareVersions compares two of the form v1.2.3. One of another form comes first.
func compareVersions(a, b string) int {
	return slices.Compare(numbersOf(a), numbersOf(b))
}

func numbersOf(version string) []int {
	var n [3]int
	if got, _ := fmt.Sscanf(version, "v%d.%d.%d", &n[0], &n[1], &n[2]); got != 3 {
		return nil
	}
	return n[:]
}
