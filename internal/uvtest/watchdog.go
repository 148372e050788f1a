//go:build unix

package uvtest

import (
	"fmt"
	"os"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Watchdog ends the process with the stacks of all goroutines if the test hangs: if the
// process, and its children that have ended, have used almost no processor time in d.
// On a loaded machine a test is slow, but not idle, so Watchdog does not end it and the
// tests after it still run. A test that hangs without being idle is ended by go test's
// -timeout.
func Watchdog(t testing.TB, d time.Duration) {
	t.Helper()
	var timer *time.Timer
	var over atomic.Bool
	used, made := cpuTime(), make(chan struct{})
	timer = time.AfterFunc(d, func() {
		<-made
		now := cpuTime()
		switch {
		case over.Load():
		case now-used < max(d/1000, 5*time.Millisecond):
			fmt.Fprintf(os.Stderr, "uvtest: %s has done nothing for %v\n", t.Name(), d)
			debug.SetTraceback("all")
			panic("uvtest: watchdog")
		default:
			used = now
			timer.Reset(d)
		}
	})
	close(made)
	t.Cleanup(func() {
		over.Store(true)
		timer.Stop()
	})
}

// cpuTime returns the processor time of this process and of the children that it has
// reaped.
func cpuTime() (sum time.Duration) {
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var r unix.Rusage
		if unix.Getrusage(who, &r) == nil {
			sum += time.Duration(r.Utime.Nano() + r.Stime.Nano())
		}
	}
	return sum
}
