package main

import "testing"

func TestMessagesOfWorkersDoNotReachTheTerminalAsTheyAre(t *testing.T) {
	for text, want := range map[string]string{
		"serves 12 clients": "serves 12 clients", "größer ✓": "größer ✓", "\x1b[2Jgone": "?[2Jgone", "a\tb\nc": "a?b?c", "\u202eback": "?back", "\xff": "\ufffd",
	} {
		if got := printable(text); got != want {
			t.Errorf("%q is printed as %q, want %q", text, got, want)
		}
	}
}
