package main

import (
	"regexp"
	"strings"
)

// A value is how uv/errno.h defines one error code.
type value struct {
	system bool              // the system's errno where the system has one
	byOS   map[string]string // a fixed number on these systems otherwise
	other  string            // the number everywhere else
}

// platforms maps the compiler's macros in uv/errno.h to Go's systems.
var platforms = map[string]string{
	"__APPLE__":     "darwin",
	"__DragonFly__": "dragonfly",
	"__FreeBSD__":   "freebsd",
	"__NetBSD__":    "netbsd",
	"__OpenBSD__":   "openbsd",
	"__linux__":     "linux",
	"__sun":         "solaris",
	"_AIX":          "aix",
}

var (
	directive = regexp.MustCompile(`(?m)^#\s*(if|elif|else|endif|define)\b(.*)$`)
	define    = regexp.MustCompile(`^\s+UV__(\w+)\s+(?:\((-\d+)\)|UV__ERR\(\w+\))`)
	defined   = regexp.MustCompile(`(!?)defined\((\w+)\)`)
)

// parseValues reads the "#define UV__NAME" of uv/errno.h, each in the branch
// of the conditional that holds it.
func parseValues(src string) map[string]value {
	src = strings.ReplaceAll(src, "\\\n", " ")
	values := make(map[string]value)
	condition := ""
	for _, d := range directive.FindAllStringSubmatch(src, -1) {
		switch d[1] {
		case "if", "elif":
			condition = d[2]
		case "else", "endif":
			condition = ""
		case "define":
			if m := define.FindStringSubmatch(d[2]); m != nil {
				v := values[m[1]]
				v.add(condition, m[2])
				values[m[1]] = v
			}
		}
	}
	return values
}

// add notes one definition: number is empty where it is the system's errno.
func (v *value) add(condition, number string) {
	if number == "" {
		v.system = true
		return
	}
	known := false
	for _, m := range defined.FindAllStringSubmatch(condition, -1) {
		if goos := platforms[m[2]]; goos != "" && m[1] == "" {
			if v.byOS == nil {
				v.byOS = make(map[string]string)
			}
			v.byOS[goos] = number
			known = true
		}
	}
	if !known {
		v.other = number
	}
}
