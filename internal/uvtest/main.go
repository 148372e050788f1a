//go:build unix

package uvtest

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Main runs a package's tests and ends the process. It belongs in TestMain:
//
//	func TestMain(m *testing.M) { uvtest.Main(m) }
//
// If the tests pass, but a descriptor or goroutine is left, or one of checks fails, the
// process ends with status 1 and a report. Descriptors that are open when Main is
// called do not count. So a caller first opens those that a library keeps for the life
// of the process, such as libuv's signal pipe.
//
// Children do not inherit descriptors above 2 that the process was started with. A
// shell or an editor may have left some open, and some tests check what a child
// inherits.
//
// In a process that [Command] started, Main runs the named helper instead.
func Main(m *testing.M, checks ...func() error) {
	if name := os.Getenv(helperEnv); name != "" {
		os.Exit(runHelper(name))
	}
	closeInheritedOnExec()
	startNetpoller()
	before := Snapshot()
	code := m.Run()
	// A fuzz worker's pipes and shared memory live until its coordinator ends it.
	if code == 0 && !flagSet("test.fuzzworker") {
		if leaks := before.Settle(checks...); len(leaks) > 0 {
			fmt.Fprintf(os.Stderr, "uvtest: the tests leave behind\n%s\n", strings.Join(leaks, "\n"))
			code = 1
		}
	}
	os.Exit(code)
}

// A State is the descriptors and goroutines of the process at one time.
type State struct {
	fds        map[int]string
	goroutines map[string]string
}

// Snapshot returns the state of now. Descriptors that Go's runtime opens when it first needs them
// are not in it, unless [Main] runs the process.
func Snapshot() State {
	return State{openFDs(), goroutines()}
}

// settleRounds bounds how often Settle looks again: with its pauses, 2.5 s.
const settleRounds = 60

// Settle returns the descriptors and goroutines that the process has and before has
// not, and the errors of checks. Goroutines that are about to end get a bounded number of
// rounds to do so. Settle does not run the garbage collector, because a finalizer would close
// a leaked os.File and hide the leak.
func (before State) Settle(checks ...func() error) []string {
	for round := range settleRounds {
		if len(leaks(before, checks)) == 0 {
			return nil
		}
		runtime.Gosched()
		time.Sleep(min(time.Millisecond<<min(round, 10), 50*time.Millisecond))
	}
	return leaks(before, checks)
}

func leaks(before State, checks []func() error) []string {
	now := Snapshot()
	found := append(newFDs(before.fds, now.fds), newGoroutines(before.goroutines, now.goroutines)...)
	for _, check := range checks {
		if err := check(); err != nil {
			found = append(found, err.Error())
		}
	}
	return found
}

// startNetpoller makes Go open its own epoll and eventfd descriptors, so that the first
// snapshot includes them and they are not taken for leaks.
func startNetpoller() {
	if r, w, err := os.Pipe(); err == nil {
		_ = r.Close()
		_ = w.Close()
	}
}

// flagSet reports whether a test flag has a value other than its zero.
func flagSet(name string) bool {
	f := flag.Lookup(name)
	return f != nil && f.Value.String() != f.DefValue
}
