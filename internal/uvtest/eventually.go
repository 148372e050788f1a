//go:build unix

package uvtest

import (
	"runtime"
	"testing"
	"time"
)

// Eventually waits until holds returns true; what says for what, should it take a
// minute. It is for states that nobody announces; wait for events where there are some.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("waited a minute for %s", what)
		}
	}
}
