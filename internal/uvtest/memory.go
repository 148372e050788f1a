//go:build unix

package uvtest

import (
	"bytes"
	"os"
	"strconv"
)

// RSS returns the process's resident memory in bytes, 0 where /proc does not have it.
func RSS() uint64 { return procField("/proc/self/status", "VmRSS:") }

// PSS returns the process's proportional set size in bytes: a page that n processes
// share counts as 1/n. It is 0 where /proc does not have it.
func PSS() uint64 { return procField("/proc/self/smaps_rollup", "Pss:") }

// procField returns a "Name:  123 kB" line of a file in bytes.
func procField(path, name string) uint64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) >= 2 && string(fields[0]) == name {
			kb, _ := strconv.ParseUint(string(fields[1]), 10, 64)
			return kb << 10
		}
	}
	return 0
}
