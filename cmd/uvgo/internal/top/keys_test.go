package top

import (
	"strings"
	"testing"
)

func TestKeysAreSplit(t *testing.T) {
	for in, want := range map[string]string{
		"qs": "q s", "\x1b[A\x1bOBx": "up down x", "\x1b[1;5Cq": "\x1b[1;5C q", "\x1b[5~\x1b[6~": "pgup pgdn", "\x1bq": "\x1b q",
		"\x1b": "+\x1b", "a\x1b[": "a +\x1b[", "\x1b[12": "+\x1b[12", "\x1bO": "+\x1bO", "\x03\x1a\x0c": "ctrl-c ctrl-z ctrl-l",
		"\x1b[" + strings.Repeat("1", 40): "\x1b [ " + strings.TrimSpace(strings.Repeat("1 ", 40)), // not a key, however long
	} {
		keys, rest := splitKeys(in)
		got := strings.Join(keys, " ")
		if rest != "" {
			got = strings.TrimSpace(got + " +" + rest)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
