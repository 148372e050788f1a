//go:build unix

package uvtest

import (
	"runtime"
	"testing"
	"time"
)

// Eventually waits until holds returns true. After a minute it fails the test; what
// names the condition. It is for conditions that cause no event: where there is an
// event, wait for that.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("waited a minute for %s", what)
		}
	}
}
