package observe

import (
	"bytes"
	"os"
	"strconv"
)

// resident returns how many bytes the process has resident, 0 if that is not known.
func resident() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseUint(string(fields[1]), 10, 64) // the kernel writes numbers
	return pages * uint64(os.Getpagesize())
}
