package top

import (
	"fmt"
	"os"
	"strings"
)

// A terminal is what the user's terminal can do.
type terminal struct {
	utf8, color bool
}

// terminalOf reads the environment.
func terminalOf(env func(string) string) terminal {
	t := terminal{color: env("NO_COLOR") == ""}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} { // the first that is set counts
		if v := strings.ToLower(env(name)); v != "" {
			t.utf8 = strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
			break
		}
	}
	return t
}

// isDumb tells whether the terminal cannot move its cursor.
func isDumb(env func(string) string) bool { return env("TERM") == "dumb" || env("TERM") == "" }

// render writes a line with its styles.
func (t terminal) render(l line) string {
	var b strings.Builder
	for _, s := range l {
		text := s.text
		if !t.utf8 {
			text = ascii(text)
		}
		code := ""
		switch s.style {
		case bold:
			code = "1"
		case heading:
			code = "7"
		case bad:
			code = "1"
			if t.color {
				code = "1;31"
			}
		case weak:
			if t.color {
				code = "90"
			}
		}
		if code == "" {
			b.WriteString(text)
		} else {
			b.WriteString("\x1b[" + code + "m" + text + "\x1b[m")
		}
	}
	return b.String()
}

// What begins and ends the use of the screen: the other screen, without a cursor and without wrapping.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H\x1b[2J"
	leaveScreen = "\x1b[m\x1b[?7h\x1b[?25h\x1b[?1049l"
)

// A screen knows what the terminal shows.
type screen struct {
	terminal
	rows, columns int
	shown         []string // nil: nothing is known
}

// resize notes a new size. Everything is drawn anew.
func (s *screen) resize(columns, rows int) {
	s.columns, s.rows, s.shown = columns, rows, nil
}

// draw returns what makes the terminal show the lines: those that have changed.
func (s *screen) draw(lines []line) string {
	var b strings.Builder
	if s.shown == nil {
		b.WriteString("\x1b[m\x1b[H\x1b[2J")
		s.shown = make([]string, s.rows)
	}
	for i := range s.rows {
		var l line
		if i < len(lines) {
			l = lines[i].cut(s.columns)
		}
		text := s.render(l)
		if s.shown[i] == text {
			continue
		}
		s.shown[i] = text
		fmt.Fprintf(&b, "\x1b[%d;1H%s", i+1, text)
		if columnsOf(l.String()) < s.columns { // behind the last column it would erase that
			b.WriteString("\x1b[K")
		}
	}
	return b.String()
}

// writeNow writes to a terminal without the loop: before the process stops or ends.
func writeNow(f *os.File, text string) { _, _ = f.WriteString(text) } // there is nobody to tell
