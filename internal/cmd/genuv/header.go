package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/uvgo/uvgo/internal/uvheader"
)

// headers is what the generator takes from libuv's headers.
type headers struct {
	version string // "1.50.0"
	errnos  []entry
	handles []entry
	reqs    []entry
	values  map[string]value // by name without UV_
}

// An entry is one XX(name, text) of an X-macro.
type entry struct{ name, text string }

func readHeaders(include string) (*headers, error) {
	uvh, err := os.ReadFile(filepath.Join(include, "uv.h"))
	if err != nil {
		return nil, err
	}
	errnoh, err := os.ReadFile(filepath.Join(include, "uv", "errno.h"))
	if err != nil {
		return nil, err
	}
	h := &headers{values: parseValues(string(errnoh))}
	if h.version, err = uvheader.Version(include); err != nil {
		return nil, err
	}
	for _, m := range []struct {
		name string
		to   *[]entry
	}{
		{"UV_ERRNO_MAP", &h.errnos},
		{"UV_HANDLE_TYPE_MAP", &h.handles},
		{"UV_REQ_TYPE_MAP", &h.reqs},
	} {
		if *m.to, err = parseXMacro(string(uvh), m.name); err != nil {
			return nil, err
		}
	}
	for _, e := range h.errnos {
		if h.values[e.name].other == "" {
			return nil, fmt.Errorf("uv/errno.h gives no number for UV_%s", e.name)
		}
	}
	return h, nil
}

var xxLine = regexp.MustCompile(`XX\((\w+),\s*"?([^")]*)"?\)`)

// parseXMacro returns the entries of "#define name(XX) …" in their order.
func parseXMacro(src, name string) ([]entry, error) {
	_, body, ok := strings.Cut(src, "#define "+name+"(XX)")
	if !ok {
		return nil, fmt.Errorf("uv.h has no %s", name)
	}
	var entries []entry
	for line := range strings.Lines(body) {
		if m := xxLine.FindStringSubmatch(line); m != nil {
			entries = append(entries, entry{m[1], m[2]})
		}
		if !strings.HasSuffix(strings.TrimRight(line, " \t\r\n"), `\`) {
			break
		}
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("uv.h's %s is empty", name)
	}
	return entries, nil
}
