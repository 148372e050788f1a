package kit

import (
	"errors"
	"slices"
	"testing"

	"github.com/uvgo/uvgo/uv"
)

// A Journal records what ran, in order. It belongs to the loop's goroutine.
type Journal struct{ Lines []string }

// Add records one line.
func (j *Journal) Add(line string) { j.Lines = append(j.Lines, line) }

// Note returns a callback that records the line.
func (j *Journal) Note(line string) func() { return func() { j.Add(line) } }

// Failed returns a callback that records a line with the error's code.
func (j *Journal) Failed(line string) func(error) {
	return func(err error) {
		if err == nil {
			j.Add(line)
			return
		}
		var e *uv.Error
		if !errors.As(err, &e) {
			j.Add(line + " " + err.Error())
			return
		}
		j.Add(line + " " + e.Errno.Name())
	}
}

// Want fails the test unless exactly these lines were recorded, and forgets
// them.
func (j *Journal) Want(t testing.TB, lines ...string) {
	t.Helper()
	if !slices.Equal(lines, j.Lines) {
		t.Errorf("what ran, in order:\n got %q\nwant %q", j.Lines, lines)
	}
	j.Lines = nil
}

// WantSet is Want in any order.
func (j *Journal) WantSet(t testing.TB, lines ...string) {
	t.Helper()
	slices.Sort(lines)
	slices.Sort(j.Lines)
	j.Want(t, lines...)
}
