package harness

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Memory reads a process's resident and proportional set size, in bytes.
func Memory(pid int) (rss, pss int, err error) {
	if rss, err = kilobytes(pid, "status", "VmRSS:"); err != nil {
		return 0, 0, err
	}
	pss, err = kilobytes(pid, "smaps_rollup", "Pss:")
	return rss, pss, err
}

// Peak reads the largest resident set size that a process has had, in bytes.
func Peak(pid int) (int, error) { return kilobytes(pid, "status", "VmHWM:") }

// kilobytes finds a "Field:   123 kB" line of a /proc file.
func kilobytes(pid int, file, field string) (int, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == field {
			kb, err := strconv.Atoi(f[1])
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("no %s in %s of process %d", field, file, pid)
}
