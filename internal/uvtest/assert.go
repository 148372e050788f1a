//go:build unix

package uvtest

import (
	"errors"
	"io"
	"testing"
)

// Check fails the test at once for an error. It belongs to the test's goroutine, as
// FailNow does; a goroutine of its own calls [Expect].
func Check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Expect is [Check] for callbacks and other goroutines: the test fails, and goes on.
func Expect(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// Must unwraps a result of a call that cannot fail in a test; an error panics.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// IsErr fails the test unless errors.Is finds want in err; what names the call that
// returned err.
func IsErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}

// CloseAll closes them in this order, and fails the test at once for an error.
func CloseAll(t testing.TB, closers ...io.Closer) {
	t.Helper()
	for _, c := range closers {
		Check(t, c.Close())
	}
}
