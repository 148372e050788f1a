package faults

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// A cgroup limits the memory of those who enter it.
type cgroup struct {
	dir   string
	kills string // the file that counts whom the kernel has killed in it
	peak  string // the file that says how much it had at most
}

// newCgroup makes one of version 2 or 1, for the time of the test. It skips the test where that cannot be done.
func newCgroup(t *testing.T, limit uint64) *cgroup {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root may make a cgroup: TestMemoryStaysBelowLimit looks at the process's memory instead")
	}
	name := "uvgo-faults-" + strconv.Itoa(os.Getpid())
	var why error
	for _, version := range []struct {
		group       cgroup
		limit, swap string
		none        uint64 // the value of swap for none
	}{
		{cgroup{"/sys/fs/cgroup", "memory.events", "memory.peak"}, "memory.max", "memory.swap.max", 0},
		{cgroup{"/sys/fs/cgroup/memory", "memory.oom_control", "memory.max_usage_in_bytes"}, "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", limit},
	} {
		g := version.group
		if _, err := os.Stat(filepath.Join(g.dir, "cgroup.procs")); err != nil { // no hierarchy of this version is there
			why = errors.Join(why, err)
			continue
		}
		g.dir = filepath.Join(g.dir, name)
		if err := os.Mkdir(g.dir, 0o755); err != nil {
			why = errors.Join(why, err)
			continue
		}
		t.Cleanup(func() {
			uvtest.Eventually(t, "the cgroup is empty", func() bool {
				err := os.Remove(g.dir)
				return err == nil || errors.Is(err, fs.ErrNotExist)
			})
		})
		set := func(file string, n uint64) error {
			f, err := os.OpenFile(filepath.Join(g.dir, file), os.O_WRONLY, 0) // a file that is not there is no control of this kernel
			if err != nil {
				return err
			}
			_, err = f.WriteString(strconv.FormatUint(n, 10))
			return errors.Join(err, f.Close())
		}
		if err := set(version.limit, limit); err != nil {
			why = errors.Join(why, err)
			continue
		}
		if err := set(version.swap, version.none); err != nil && !errors.Is(err, fs.ErrNotExist) { // a kernel without swap has no such file
			t.Fatal(err)
		}
		return &g
	}
	t.Skipf("this system lets nobody make a cgroup that limits memory (TestMemoryStaysBelowLimit looks at the process's memory instead): %v", why)
	return nil
}

// check fails the test if the kernel has killed a process of the cgroup for its memory.
func (g *cgroup) check(t *testing.T) {
	t.Helper()
	events := string(uvtest.Must(os.ReadFile(filepath.Join(g.dir, g.kills))))
	if !strings.Contains(events+"\n", "oom_kill 0\n") {
		t.Errorf("the kernel has killed the server:\n%s", events)
	}
	peak, err := os.ReadFile(filepath.Join(g.dir, g.peak)) // not every kernel of version 2 has it
	t.Logf("the cgroup had %s bytes at most (%v); %s", strings.TrimSpace(string(peak)), err, strings.ReplaceAll(strings.TrimSpace(events), "\n", ", "))
}

// peakMemory returns the most resident memory that this process has had, in bytes.
func peakMemory() uint64 {
	_, rest, _ := strings.Cut(string(uvtest.Must(os.ReadFile("/proc/self/status"))), "VmHWM:")
	return uvtest.Must(strconv.ParseUint(strings.Fields(rest)[0], 10, 64)) << 10
}
