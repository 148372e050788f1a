package top

import "strings"

// keyNames are the sequences of keys that are not a character.
var keyNames = map[string]string{
	"\x1b[A": "up", "\x1b[B": "down", "\x1bOA": "up", "\x1bOB": "down", "\x1b[C": "right", "\x1b[D": "left", "\x1bOC": "right", "\x1bOD": "left",
	"\x1b[5~": "pgup", "\x1b[6~": "pgdn", "\x1b[H": "home", "\x1b[F": "end", "\x1bOH": "home", "\x1bOF": "end", "\x1b[1~": "home", "\x1b[4~": "end",
	"\x03": "ctrl-c", "\x0c": "ctrl-l", "\x1a": "ctrl-z",
}

// longestKey is more than any key's sequence has bytes.
const longestKey = 32

// splitKeys returns the keys in what the terminal has sent, and the beginning of one whose rest is still to come. Sequences that no
// key here has are skipped whole, so that their letters count as nothing.
func splitKeys(text string) (keys []string, rest string) {
	for text != "" {
		n := 1
		if text[0] == '\x1b' {
			n = sequence(text)
			if n == 0 && len(text) < longestKey {
				return keys, text
			}
			n = max(n, 1)
		}
		key := text[:n]
		if name := keyNames[key]; name != "" {
			key = name
		}
		keys = append(keys, key)
		text = text[n:]
	}
	return keys, ""
}

// sequence returns how long the sequence is that begins with ESC, 0 if its end is not there.
func sequence(text string) int {
	switch {
	case len(text) == 1:
		return 0
	case text[1] == 'O': // SS3: one more
		return min(len(text), 3) / 3 * 3
	case text[1] != '[':
		return 1 // ESC itself, or Alt with a key
	}
	end := strings.IndexFunc(text[2:], func(r rune) bool { return r >= 0x40 && r <= 0x7e })
	if end < 0 {
		return 0
	}
	return end + 3
}

// intervals are those that + and - choose from, in milliseconds.
var intervals = []int{100, 250, 500, 1000, 2000, 5000, 10000, 30000, 60000}

// helpText is what h shows.
var helpText = []string{
	"q, Ctrl-C    end",
	"p, space     pause, and go on",
	"s, >, right  sort the loops by the next column",
	"<, left      by the column before",
	"r            turn the order around",
	"+, -         a longer interval, a shorter one",
	"arrows, page up and down, home, end   scroll",
	"Ctrl-L       draw anew",
	"Ctrl-Z       stop; fg goes on",
	"h, ?         this help",
	"",
	"LAG: how long turns kept the loop from looking for new events: of half of them, and of 99 %.",
	"CALLBACK99: how long callbacks ran, 99 % of them. IDLE: the part of its time that the loop waited.",
	"SLOW, PANICS: callbacks that took too long, and that panicked, so far.",
}
