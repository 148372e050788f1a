package pkgconf

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// A file is what a .pc file says.
type file struct {
	vars   map[string]string
	fields map[string]string // by lower-case name
}

var (
	assignment = regexp.MustCompile(`^([A-Za-z0-9_.]+)\s*=\s*(.*)$`)
	field      = regexp.MustCompile(`^([A-Za-z0-9_.]+)\s*:\s*(.*)$`)
	reference  = regexp.MustCompile(`\$\{([A-Za-z0-9_.]+)\}`)
)

// read reads a .pc file. defined has the values of --define-variable.
func read(path string, defined map[string]string) (*file, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := &file{vars: map[string]string{"pcfiledir": escape(filepath.Dir(path))}, fields: make(map[string]string)}
	joined := strings.ReplaceAll(string(text), "\\\n", "")
	for line := range strings.Lines(joined) {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if m := assignment.FindStringSubmatch(line); m != nil {
			f.vars[m[1]] = f.expand(m[2])
			if value, ok := defined[m[1]]; ok {
				f.vars[m[1]] = value
			}
		} else if m := field.FindStringSubmatch(line); m != nil {
			f.fields[strings.ToLower(m[1])] = f.expand(m[2])
		}
	}
	if f.fields["version"] == "" {
		return nil, fmt.Errorf("%s has no Version", path)
	}
	return f, nil
}

func (f *file) expand(s string) string {
	return reference.ReplaceAllStringFunc(s, func(ref string) string { return f.vars[ref[2:len(ref)-1]] })
}

// escape puts a backslash before what a shell, and Go, would take apart.
func escape(path string) string {
	var b strings.Builder
	for _, r := range path {
		if strings.ContainsRune(" \t\n\\\"'`$&|;<>()*?[]{}#~!", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

var escaped = regexp.MustCompile(`\\(.)`)

// unescape is the opposite of escape.
func unescape(s string) string { return escaped.ReplaceAllString(s, "$1") }

// older tells whether a version comes before another: numbers with dots between them.
func older(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, _ := strconv.Atoi(as[i])
		y, _ := strconv.Atoi(bs[i])
		if x != y {
			return x < y
		}
	}
	return len(as) < len(bs)
}
