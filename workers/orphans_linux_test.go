package workers

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// numberIn waits until a file has a number.
func numberIn(t *testing.T, file string) (n int) {
	t.Helper()
	uvtest.Eventually(t, "a number in "+file, func() bool {
		text, err := os.ReadFile(file)
		if err != nil || !strings.HasSuffix(string(text), "\n") {
			return false
		}
		n, err = strconv.Atoi(strings.TrimSpace(string(text)))
		return err == nil
	})
	return n
}

// parent returns the parent of a process, 0 if there is none.
func parent(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	var state string
	var ppid int
	fmt.Sscan(string(text[strings.LastIndexByte(string(text), ')')+1:]), &state, &ppid)
	return ppid
}

func TestWhatAWorkerLeavesBehindIsKilled(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	s := start(t, plan{Supervisor: &Supervisor{
		Command: []string{"sh", "-c", "sleep 1000 & echo $! > " + file + "; exec sleep 1000"}, Workers: 1, ReadyAfter: time.Millisecond,
	}})
	st := s.ready(1)
	left := numberIn(t, file)
	if err := unix.Kill(st.Slots[0].PID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gone(t, left)
}

// TestWhatHoldsTheOutputOfAWorkerDoesNotHoldTheEndUp: a process of another session has it still.
func TestWhatHoldsTheOutputOfAWorkerDoesNotHoldTheEndUp(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	s := start(t, plan{Supervisor: &Supervisor{
		Command: []string{"sh", "-c", "setsid sh -c 'echo $$ > " + file + "; exec sleep 1000' & exec sleep 1000"}, Workers: 1, ReadyAfter: time.Millisecond, Prefix: true,
	}})
	s.ready(1)
	left := numberIn(t, file)
	defer unix.Kill(left, unix.SIGKILL)
	s.signal(unix.SIGTERM)
	s.wait(0)
}

func TestOrphansAreWaitedFor(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	s := start(t, plan{Subreaper: true, Supervisor: &Supervisor{
		// A process of another session: it outlives the worker's group.
		Command: []string{"sh", "-c", "setsid sh -c 'echo $$ > " + file + "; exec sleep 1000' & wait"}, Workers: 1, ReadyAfter: time.Millisecond, ReapOrphans: true,
	}})
	st := s.ready(1)
	orphan := numberIn(t, file)
	if err := unix.Kill(st.Slots[0].PID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	uvtest.Eventually(t, "the supervisor to get the orphan", func() bool { return parent(orphan) == st.PID })
	if err := unix.Kill(orphan, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	uvtest.Eventually(t, "the supervisor to wait for the orphan", func() bool { return unix.Kill(orphan, 0) == unix.ESRCH })
	if by := childrenByParent(); len(by) == 0 || !equalSets(by, children()) {
		t.Errorf("this process has the children %v, or %v", by, children())
	}
}

func equalSets(a, b []int) bool {
	seen := map[int]int{}
	for _, n := range a {
		seen[n] |= 1
	}
	for _, n := range b {
		seen[n] |= 2
	}
	for _, s := range seen {
		if s != 3 {
			return false
		}
	}
	return true
}
