package harness

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// PickCPUs chooses the server's and the load's CPU among those that this
// process may use: the first, and the next that is not its hyperthread.
func PickCPUs() (server, load int, err error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return 0, 0, fmt.Errorf("sched_getaffinity: %w", err)
	}
	var cpus []int
	for i := range len(set) * 64 {
		if set.IsSet(i) {
			cpus = append(cpus, i)
		}
	}
	if len(cpus) < 2 {
		return 0, 0, errors.New("two CPUs are needed, one for the server and one for the load")
	}
	for _, c := range cpus[1:] {
		if !slices.Contains(siblings(cpus[0]), c) {
			return cpus[0], c, nil
		}
	}
	return cpus[0], cpus[1], nil
}

// siblings are the hyperthreads of cpu's core, as far as the kernel tells.
func siblings(cpu int) []int {
	b, _ := os.ReadFile(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu))
	var list []int
	for part := range strings.SplitSeq(strings.TrimSpace(string(b)), ",") {
		from, to, isRange := strings.Cut(part, "-")
		a, err1 := strconv.Atoi(from)
		z, err2 := strconv.Atoi(to)
		if !isRange {
			z, err2 = a, err1
		}
		for c := a; err1 == nil && err2 == nil && c <= z; c++ {
			list = append(list, c)
		}
	}
	return list
}

// StartPinned starts cmd on these CPUs: a child inherits the affinity of the
// thread that forks it, so even its first instruction runs there, and Go
// programs set GOMAXPROCS to their number.
func StartPinned(cmd *exec.Cmd, cpus []int) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, only unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return fmt.Errorf("sched_getaffinity: %w", err)
	}
	for _, cpu := range cpus {
		only.Set(cpu)
	}
	if err := unix.SchedSetaffinity(0, &only); err != nil {
		return fmt.Errorf("sched_setaffinity: %w", err)
	}
	defer unix.SchedSetaffinity(0, &before)
	return cmd.Start()
}

// CPUTime is the CPU time of a process so far, all its threads together.
func CPUTime(pid int) (time.Duration, error) {
	const cpuclockSched = 2 // as clock_getcpuclockid(3) makes it
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|cpuclockSched), &ts); err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}

// BusyTime is how long the CPUs have been busy so far, time that the
// hypervisor took included.
func BusyTime(cpus ...int) (time.Duration, error) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	var ticks int
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 9 || !slices.ContainsFunc(cpus, func(c int) bool { return f[0] == "cpu"+strconv.Itoa(c) }) {
			continue
		}
		for _, i := range []int{1, 2, 3, 6, 7, 8} { // user nice system irq softirq steal
			n, _ := strconv.Atoi(f[i])
			ticks += n
		}
	}
	return time.Duration(ticks) * time.Second / 100, nil // USER_HZ is 100 on every Linux
}
