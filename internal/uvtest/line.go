package uvtest

import (
	"bufio"
	"regexp"
	"strings"
	"testing"
)

// Line reads lines of a program's output until one matches the pattern. It returns the match of the pattern's last group, or the whole
// match if there is no group. At the output's end the test fails: it shows what was read, and what rest returns, which may be nil.
func Line(t testing.TB, out *bufio.Reader, pattern string, rest func() string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	var seen strings.Builder
	for {
		line, err := out.ReadString('\n')
		seen.WriteString(line)
		if m := re.FindStringSubmatch(strings.TrimRight(line, "\r\n")); m != nil {
			return m[len(m)-1]
		}
		if err != nil {
			if rest != nil {
				seen.WriteString(rest())
			}
			t.Fatalf("no line matches %q: %v\n%s", pattern, err, &seen)
		}
	}
}
