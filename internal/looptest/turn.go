package looptest

import (
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// TurnOnce runs one turn that may block, and tells whether work is left.
func TurnOnce(t testing.TB, l *uvgo.Loop) (alive bool) {
	t.Helper()
	alive, err := l.RunOnce()
	uvtest.Check(t, err)
	return alive
}

// TurnNoWait runs one turn that does not block, and tells whether work is left.
func TurnNoWait(t testing.TB, l *uvgo.Loop) (alive bool) {
	t.Helper()
	alive, err := l.RunNoWait()
	uvtest.Check(t, err)
	return alive
}

// Turn runs n turns that do not block.
func Turn(t testing.TB, l *uvgo.Loop, n int) {
	t.Helper()
	for range n {
		TurnNoWait(t, l)
	}
}

// Until runs turns that may block until done returns true, and fails the test if no
// work is left before.
func Until(t testing.TB, l *uvgo.Loop, done func() bool) {
	t.Helper()
	for !done() {
		if !TurnOnce(t, l) && !done() {
			t.Fatal("no work is left, yet it is not done")
		}
	}
}

// Poll runs turns that do not block until done returns true. It is for conditions that
// cause no event on the loop.
func Poll(t testing.TB, l *uvgo.Loop, done func() bool) {
	t.Helper()
	for !done() {
		TurnNoWait(t, l)
	}
}
