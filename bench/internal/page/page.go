package page

import (
	"fmt"
	"strings"

	"github.com/uvgo/uvgo/bench/internal/book"
)

// Files of the page, below docs.
const (
	Name   = "benchmarks.md"
	images = "images/"
	Prefix = images + "bench-" // of all charts, and of nothing else
)

// A writer makes the page.
type writer struct {
	book    *book.Book
	results *book.Results
	text    strings.Builder
	files   map[string][]byte
}

// Render returns the page and the charts by their paths below docs.
func Render(b *book.Book, r *book.Results) (map[string][]byte, error) {
	if len(r.Runs) == 0 {
		return nil, fmt.Errorf("the results have no run")
	}
	for _, c := range r.Cells {
		if !known(b, c) {
			return nil, fmt.Errorf("the results have %s on %s, which the book no longer has: merge a run of what is new, which drops it", c.Workload, c.Peer)
		}
	}
	w := &writer{book: b, results: r, files: map[string][]byte{}}
	for _, part := range []func() error{w.first, w.targets, w.chapters, w.peers, w.method} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	w.files[Name] = []byte(w.text.String())
	return w.files, nil
}

// known reports whether the book has a cell.
func known(b *book.Book, c book.Result) bool {
	for _, w := range b.Workloads {
		if _, ok := w.Servers[c.Peer]; ok && w.Name == c.Workload {
			return true
		}
	}
	return false
}

// line writes a line, and para one with an empty line behind it.
func (w *writer) line(format string, args ...any) { fmt.Fprintf(&w.text, format+"\n", args...) }
func (w *writer) para(format string, args ...any) { w.line(format+"\n", args...) }

// row writes a line of a table.
func (w *writer) row(fields ...string) { w.line("| %s |", strings.Join(fields, " | ")) }

// head writes the first two lines of a table: the first column is text, and the others are numbers.
func (w *writer) head(fields ...string) {
	w.row(fields...)
	w.line("|---|%s", strings.Repeat("---:|", len(fields)-1))
}

// image keeps a chart and shows it.
func (w *writer) image(name, alt string, svg []byte) {
	path := Prefix + name + ".svg"
	w.files[path] = svg
	w.para("![%s](%s)", alt, path)
}
