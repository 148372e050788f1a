package workers

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// A usage is what a process uses.
type usage struct {
	rss uint64 // bytes
	cpu time.Duration
}

// usageOf asks the kernel what a process uses; nothing if it is gone.
func usageOf(pid int) (u usage) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u
	}
	// The name, in parentheses, may hold anything. Behind it come the state and numbers, of which the third field of proc(5) is the first.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	number := func(field int) uint64 {
		if field-3 >= len(fields) {
			return 0
		}
		n, _ := strconv.ParseUint(string(fields[field-3]), 10, 64) // the kernel writes numbers
		return n
	}
	const ticks = time.Second / 100 // USER_HZ
	return usage{rss: number(24) * uint64(os.Getpagesize()), cpu: time.Duration(number(14)+number(15)) * ticks}
}

// monotonicUsec is what systemd wants to know of a reload.
func monotonicUsec() string {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // fails only for an unknown clock
	return "MONOTONIC_USEC=" + strconv.FormatInt(ts.Nano()/1000, 10)
}
