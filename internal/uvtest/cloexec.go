//go:build unix

package uvtest

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// CloseOnExec marks the descriptors that this process was started with as
// close-on-exec, if Spawn cannot keep children from inheriting them: on Linux before
// 5.11.
func CloseOnExec(t testing.TB) {
	t.Helper()
	if runtime.GOOS == "darwin" || closeRange() {
		return
	}
	for fd := range openFDs() {
		if fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}

// closeInheritedOnExec marks the descriptors above 2 that are open now.
func closeInheritedOnExec() {
	for fd := range openFDs() {
		if fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}
