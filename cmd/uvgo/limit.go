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
	hard, raised := raise(&lim.Cur, &lim.Max, n+otherFiles)
	if raised && unix.Setrlimit(unix.RLIMIT_NOFILE, &lim) != nil {
		return fmt.Errorf("%d connections need %d open files and the limit is %d: raise it (ulimit -n), or use fewer connections",
			n, n+otherFiles, hard)
	}
	return nil
}

// raise makes both limits at least need and returns the hard one as it was. FreeBSD's limits
// are signed, other systems' are not.
func raise[T int64 | uint64](soft, hard *T, need int) (was T, raised bool) {
	was = *hard
	if *soft >= T(need) {
		return was, false
	}
	*soft, *hard = T(need), max(was, T(need))
	return was, true
}
