package uvtest

import (
	"fmt"
	"os"
	"runtime/debug"
	"testing"
	"time"
)

// Watchdog ends the process with the stacks of all goroutines if the test
// still runs after d. It is for tests that could hang; d is generous, not a
// limit on how fast the test is.
func Watchdog(t testing.TB, d time.Duration) {
	t.Helper()
	timer := time.AfterFunc(d, func() {
		fmt.Fprintf(os.Stderr, "uvtest: %s still runs after %v\n", t.Name(), d)
		debug.SetTraceback("all")
		panic("uvtest: watchdog")
	})
	t.Cleanup(func() { timer.Stop() })
}
