//go:build unix

package uvtest

import (
	"errors"
	"io"
	"testing"
)

// Check fails the test at once if err is not nil. Only the test's goroutine may call
// it, as FailNow. Other goroutines call [Expect].
func Check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Expect is [Check] for other goroutines: the test fails, and goes on.
func Expect(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// Must returns the result of a call that cannot fail in a test. It panics if err is not
// nil.
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

// CloseAll closes its arguments in their order, and fails the test at once if one
// returns an error.
func CloseAll(t testing.TB, closers ...io.Closer) {
	t.Helper()
	for _, c := range closers {
		Check(t, c.Close())
	}
}
