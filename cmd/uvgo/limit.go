package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// otherFiles is how many descriptors a process needs besides its connections.
const otherFiles = 100

// allowFiles raises the limit of open files for n connections. Go has already raised
// the soft limit to the hard limit. To raise the hard limit takes privileges.
func allowFiles(n int) error {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return nil //nolint:nilerr // a limit that is too low shows when connecting
	}
	need := uint64(n + otherFiles)
	if lim.Cur >= need {
		return nil
	}
	want := unix.Rlimit{Cur: need, Max: max(lim.Max, need)}
	if unix.Setrlimit(unix.RLIMIT_NOFILE, &want) != nil {
		return fmt.Errorf("%d connections need %d open files and the limit is %d: raise it (ulimit -n), or use fewer connections",
			n, need, lim.Max)
	}
	return nil
}
