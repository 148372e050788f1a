package workers

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// reapOthers waits for ended children that nobody has started here: the kernel has made them ours when their parents ended. It asks
// for each by its ID, for those of the loop's handles are libuv's to wait for.
func (r *run) reapOthers() {
	for _, pid := range children() {
		if r.living[pid] != nil || r.probe != nil && r.probe.PID() == pid {
			continue
		}
		_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil) // it may still run
	}
}

// children returns the process IDs of this process's children, zombies included.
func children() (pids []int) {
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil || len(lists) == 0 { // a kernel without CONFIG_PROC_CHILDREN
		return childrenByParent()
	}
	for _, name := range lists {
		text, err := os.ReadFile(name) // fails for a thread that has ended
		if err != nil {
			continue
		}
		for field := range strings.FieldsSeq(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// childrenByParent is children by a look at every process.
func childrenByParent() (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*") // fails only for a bad pattern
	own := os.Getpid()
	for _, dir := range all {
		text, err := os.ReadFile(dir + "/stat")
		if err != nil {
			continue
		}
		var state string
		var parent int
		rest := string(text[strings.LastIndexByte(string(text), ')')+1:])
		if _, err := fmt.Sscan(rest, &state, &parent); err != nil || parent != own {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
