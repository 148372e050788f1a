package lint

import (
	"fmt"
	"slices"
	"strings"
)

// An exception is a line of a release's list of names that is allowed to be gone.
type exception struct {
	line, reason string
}

// parseExceptions reads api/except. A line of # begins a block and gives its reason.
func parseExceptions(text string) (list []exception, found []string) {
	reason, inReason := "", false
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		comment, isComment := strings.CutPrefix(line, "#")
		switch {
		case line == "":
			reason, inReason = "", false
		case isComment && inReason:
			reason += " " + strings.TrimSpace(comment)
		case isComment:
			reason, inReason = strings.TrimSpace(comment), true
		case reason == "":
			found = append(found, fmt.Sprintf("api/except:%d: no reason: begin the block with a line \"# why\"", n))
		default:
			list, inReason = append(list, exception{line, reason}), false
		}
	}
	return list, found
}

// incompatible finds what breaks users of a release: a line of its list that is not in
// today's, and a method that came to an interface that users can implement. now and then
// are lists as apiOf makes them. An exception needs its name in changes, which is what
// CHANGELOG.md says of unreleased changes and removals.
func incompatible(then, now []string, exceptions []exception, changes string) (found []string) {
	excepted := make(map[string]bool)
	for _, e := range exceptions {
		excepted[e.line] = true
		if !slices.Contains(broken(then, now), e.line) {
			found = append(found, fmt.Sprintf("api/except: needs no exception: %s", e.line))
		} else if name := nameIn(e.line); !strings.Contains(changes, name) {
			found = append(found, fmt.Sprintf("CHANGELOG.md: tells nobody under Unreleased, Changed or Removed, that %s is broken: %s", name, e.line))
		}
	}
	for _, line := range broken(then, now) {
		if !excepted[line] {
			found = append(found, line)
		}
	}
	return found
}

// broken returns the lines that are gone, and those that came to an open interface.
func broken(then, now []string) (lines []string) {
	for _, line := range then {
		if !slices.Contains(now, line) {
			lines = append(lines, line)
		}
	}
	for _, line := range now {
		iface, _, ok := strings.Cut(line, " interface, ")
		if ok && !slices.Contains(then, line) && slices.Contains(then, iface+" interface") &&
			!slices.Contains(then, iface+" interface, unexported methods") {
			lines = append(lines, line)
		}
	}
	return lines
}

// nameIn returns the name that a line of a list is about: that of a field or method, or
// else of the constant, variable, function or type.
func nameIn(line string) string {
	_, what, _ := strings.Cut(line, ", ") // behind "pkg server"
	kind, rest, _ := strings.Cut(what, " ")
	if _, member, ok := strings.Cut(rest, ", "); ok && kind == "type" && !strings.Contains(member, "unexported methods") {
		rest = member
	}
	if _, method, ok := strings.Cut(rest, ") "); ok && kind == "method" {
		rest = method
	}
	if end := strings.IndexAny(rest, " ([,"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}
