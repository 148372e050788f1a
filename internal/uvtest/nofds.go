//go:build unix

package uvtest

import (
	"syscall"
	"testing"
)

// NoDescriptors makes the process unable to open a descriptor until restore is called. It
// lowers the limit below the numbers that are in use. To use up the numbers up to a limit
// instead is not safe: a goroutine of an earlier test may close one late, and then there
// is a descriptor again. Tests that call NoDescriptors must not be parallel.
func NoDescriptors(t testing.TB) (restore func()) {
	t.Helper()
	var limit syscall.Rlimit
	Check(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	// Not 0: poll(2) refuses to look at more descriptors than the limit, and F_DUPFD a lowest
	// number beyond it, both with EINVAL. Descriptors 0 to 3 stay open: 3 is what [Main] opens
	// first, for Go's netpoller, or what the process was started with.
	Check(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 4, Max: limit.Max}))
	return func() {
		t.Helper()
		Check(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	}
}
