//go:build unix

package uvtest

import (
	"sync/atomic"
	"testing"
)

// A Counter counts calls and fails its test when their number is not the
// expected one at the end.
type Counter struct{ n atomic.Int64 }

// NewCounter returns a counter that must have counted exactly want calls when
// the test ends; what names them in the failure.
func NewCounter(t testing.TB, what string, want int) *Counter {
	t.Helper()
	c := new(Counter)
	t.Cleanup(func() {
		t.Helper()
		if got := c.N(); got != want {
			t.Errorf("%s: called %d times, want %d", what, got, want)
		}
	})
	return c
}

// NewCounterAtLeast is [NewCounter] for calls of which there may be more.
func NewCounterAtLeast(t testing.TB, what string, want int) *Counter {
	t.Helper()
	c := new(Counter)
	t.Cleanup(func() {
		t.Helper()
		if got := c.N(); got < want {
			t.Errorf("%s: called %d times, want at least %d", what, got, want)
		}
	})
	return c
}

// Inc counts one call. The method value c.Inc serves as a callback.
func (c *Counter) Inc() { c.n.Add(1) }

// N returns how many calls have been counted.
func (c *Counter) N() int { return int(c.n.Load()) }
