//go:build unix

package uvtest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
)

// FDs returns how many descriptors the process has open.
func FDs() int { return len(openFDs()) }

// fdDir lists the process's descriptors: links to their files on Linux.
func fdDir() string {
	if runtime.GOOS == "linux" {
		return "/proc/self/fd"
	}
	return "/dev/fd"
}

// openFDs returns the open descriptors, with the files to which they refer if the
// system says so. The descriptor that reads the directory is not among them.
func openFDs() map[int]string {
	dir := fdDir()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	fds := make(map[int]string)
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		path := filepath.Join(dir, e.Name())
		target, err := os.Readlink(path)
		if err != nil {
			if _, err := os.Lstat(path); err != nil {
				continue
			}
		}
		fds[fd] = target
	}
	return fds
}

// newFDs describes the descriptors in after that are not in before, in order.
func newFDs(before, after map[int]string) []string {
	var fds []int
	for fd, target := range after {
		if old, ok := before[fd]; (!ok || old != target) && !keptByTesting(target) {
			fds = append(fds, fd)
		}
	}
	slices.Sort(fds)
	var found []string
	for _, fd := range fds {
		found = append(found, fmt.Sprintf("descriptor %d: %s", fd, after[fd]))
	}
	return found
}

// keptByTesting reports whether target is a profile that package testing
// opens and never closes.
func keptByTesting(target string) bool {
	for _, name := range []string{"test.cpuprofile", "test.trace"} {
		if flagSet(name) && filepath.Base(flag.Lookup(name).Value.String()) == filepath.Base(target) {
			return true
		}
	}
	return false
}
