package looptest

import (
	"testing"

	"github.com/uvgo/uvgo/internal/goroutine"
)

// OnlyWithOwners skips the test where a loop does not compare the goroutine that calls
// with its own unless it is in debug mode.
func OnlyWithOwners(t testing.TB) {
	t.Helper()
	if !goroutine.Cheap {
		t.Skip("on this processor only debug mode tells goroutines apart")
	}
}
