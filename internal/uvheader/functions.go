package uvheader

import (
	"regexp"
	"slices"
)

var (
	comment  = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`)
	exported = regexp.MustCompile(`(?m)^[ \t]*UV_EXTERN\b[^;{]*?\b(\w+)\s*\(`)
)

// Functions returns the names of the functions that uv.h exports (UV_EXTERN),
// sorted.
func Functions(uvh string) []string {
	var names []string
	for _, m := range exported.FindAllStringSubmatch(StripComments(uvh), -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// StripComments removes the comments of C code. It also removes a string that looks
// like a comment.
func StripComments(src string) string { return comment.ReplaceAllString(src, " ") }
