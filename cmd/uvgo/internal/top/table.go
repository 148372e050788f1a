package top

import (
	"strings"
	"unicode/utf8"
)

// A style says how text stands out.
type style uint8

const (
	normal style = iota
	bold
	bad     // something is wrong
	weak    // less important
	heading // of a table
)

// A span is text of one style.
type span struct {
	text  string
	style style
}

// A line is what a row of the screen shows.
type line []span

func (l line) String() string {
	var b strings.Builder
	for _, s := range l {
		b.WriteString(s.text)
	}
	return b.String()
}

// A cell is a field of a table.
type cell struct {
	text  string
	style style
}

// A column is one of a table.
type column struct {
	title string
	left  bool // text, not a number
}

// table lays rows out. sorted is the column by which they are, or -1; wide is the width that there is, 0 for any. Columns at the end that do
// not fit are left out, but never the first one.
func table(columns []column, rows [][]cell, sorted int, down bool, wide int) []line {
	widths := make([]int, len(columns))
	head := make([]cell, len(columns))
	for i, c := range columns {
		head[i] = cell{c.title, heading}
		if i == sorted {
			head[i].text += map[bool]string{true: "▼", false: "▲"}[down]
		}
		widths[i] = columnsOf(head[i].text)
		for _, r := range rows {
			widths[i] = max(widths[i], columnsOf(r[i].text))
		}
	}
	shown, at := 0, 0
	for shown < len(columns) && (shown == 0 || wide == 0 || at+2+widths[shown] <= wide) {
		at += widths[shown] + 2*min(shown, 1)
		shown++
	}
	lines := make([]line, 0, len(rows)+1)
	for _, r := range append([][]cell{head}, rows...) {
		var l line
		for i, c := range r[:shown] {
			pad := strings.Repeat(" ", widths[i]-columnsOf(c.text))
			gap := strings.Repeat(" ", 2*min(i, 1))
			if columns[i].left {
				l = append(l, span{gap + c.text, c.style}, span{pad, c.style})
			} else {
				l = append(l, span{gap + pad + c.text, c.style})
			}
		}
		lines = append(lines, l)
	}
	return lines
}

// columnsOf returns how many columns a text takes: clean sees to it that each rune takes one.
func columnsOf(text string) int { return utf8.RuneCountInString(text) }

// cut returns the beginning of a line that fits into so many columns.
func (l line) cut(columns int) line {
	var out line
	for _, s := range l {
		n := columnsOf(s.text)
		if n > columns {
			s.text = string([]rune(s.text)[:columns])
			n = columns
		}
		if n > 0 {
			out = append(out, s)
		}
		columns -= n
	}
	return out
}
