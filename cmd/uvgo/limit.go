package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// spareFiles is how many descriptors a process needs besides its connections.
const spareFiles = 100

// allowFiles raises the limit of open files for n connections. Go has raised
// the soft limit to the hard one; the hard one takes privileges.
func allowFiles(n int) error {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return nil //nolint:nilerr // then we shall see
	}
	need := uint64(n + spareFiles)
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
