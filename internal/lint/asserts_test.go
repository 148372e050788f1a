package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestAssertsOfLibuvAreListed compares docs/libuv-asserts.md with libuv's source, if
// the source is there. Each function that asserts or aborts has one row in the table of
// its file, with the number of its asserts and aborts.
func TestAssertsOfLibuvAreListed(t *testing.T) {
	const root = "../.."
	src := filepath.Join(root, "third_party/libuv/src/src")
	if _, err := os.Stat(src); err != nil {
		t.Skip("the source of libuv is not here; make libuv obtains it")
	}
	doc, err := os.ReadFile(filepath.Join(root, "docs/libuv-asserts.md"))
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| ([a-z0-9/.-]+) \\| (`[^|]+`) \\| ([0-9]+) \\| [^|]+ \\|$")
	counted := make(map[string]map[string]int)
	for _, m := range row.FindAllStringSubmatch(string(doc), -1) {
		file := m[1]
		if counted[file] == nil {
			text, err := os.ReadFile(filepath.Join(src, file))
			if err != nil {
				t.Fatal(err)
			}
			counted[file] = asserts(string(text))
		}
		n := 0
		for name := range strings.SplitSeq(m[2], ", ") {
			name = strings.Trim(name, "`")
			if counted[file][name] == 0 {
				t.Errorf("%s: %s asserts nothing, or is listed twice", file, name)
			}
			n += counted[file][name]
			delete(counted[file], name)
		}
		if strconv.Itoa(n) != m[3] {
			t.Errorf("%s: %s: %d in the source, %s in the list", file, m[2], n, m[3])
		}
	}
	for file, left := range counted {
		for name, n := range left {
			t.Errorf("%s: %s has %d that are not listed", file, name, n)
		}
	}
	for _, file := range others(t, src) {
		if counted[file] == nil {
			text, _ := os.ReadFile(filepath.Join(src, file))
			if found := asserts(string(text)); len(found) > 0 {
				t.Errorf("%s is not listed: %v", file, found)
			}
		}
	}
}

// others returns the files that are compiled on Linux: those of sources.txt and their headers.
func others(t *testing.T, src string) []string {
	t.Helper()
	list, err := os.ReadFile(filepath.Join(src, "../../sources.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for line := range strings.Lines(string(list)) {
		words := strings.Fields(line)
		if words[0] != "all" && words[0] != "linux" {
			continue
		}
		for _, name := range words[1:] {
			for _, ext := range []string{".c", ".h"} {
				if _, err := os.Stat(filepath.Join(src, name+ext)); err == nil {
					files = append(files, name+ext)
				}
			}
		}
	}
	if len(files) < 20 {
		t.Fatal(fmt.Sprint("sources.txt names few sources: ", files))
	}
	return files
}

var (
	functionLine = regexp.MustCompile(`^[a-zA-Z_].*?([a-zA-Z_0-9]+)\(`)
	assertCall   = regexp.MustCompile(`(?:^|[^_a-zA-Z])(?:assert|abort)\(`)
)

// asserts counts the lines with assert and abort by function.
func asserts(text string) map[string]int {
	found := make(map[string]int)
	name := "macro"
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if m := functionLine.FindStringSubmatch(line); m != nil && !strings.HasSuffix(line, ";") {
			name = m[1]
		}
		if strings.HasPrefix(line, "#define") {
			name = "macro"
		}
		if assertCall.MatchString(line) {
			found[name]++
		}
	}
	return found
}
