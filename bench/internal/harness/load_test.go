package harness

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// onFirst returns the CPU on which the children of tests run.
func onFirst(t *testing.T) []int {
	t.Helper()
	cpu, _, err := PickCPUs()
	if err != nil {
		t.Skip(err) // one CPU is not enough for any of the benchmarks
	}
	return []int{cpu}
}

func TestRun(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	cpus := onFirst(t)
	ctx := context.Background()
	line, cpu, err := Run(ctx, cpus, time.Minute, "sh", "/bin/sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo one; echo two")
	if line != "one" || cpu <= 0 || err != nil {
		t.Errorf("%q, %v, %v", line, cpu, err)
	}
	for _, tt := range []struct{ script, want string }{
		{"echo oops >&2; exit 3", "oops"}, {"true", "printed nothing"}, {"exec sleep 60", "did not end within"},
	} {
		limit := time.Minute
		if strings.Contains(tt.script, "sleep") {
			limit = 50 * time.Millisecond
		}
		if line, _, err := Run(ctx, cpus, limit, "sh", "/bin/sh", "-c", tt.script); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %q, %v", tt.script, line, err)
		}
	}
}

// TestHold: the program runs while fn does, and ends behind it.
func TestHold(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	cpus := onFirst(t)
	file := t.TempDir() + "/ended"
	script := []string{"-c", `echo ready 1; cat; echo >"$0"`, file}
	bad := errors.New("bad")
	err := Hold(context.Background(), cpus, "sh", "/bin/sh", script, func() error {
		if _, err := os.Stat(file); err == nil {
			t.Error("the program has ended")
		}
		return bad
	})
	if _, stat := os.Stat(file); stat != nil || !errors.Is(err, bad) {
		t.Errorf("%v, %v", err, stat)
	}
	for _, script := range []string{"exit 1", "echo ready to fail; cat; exit 1", "echo no; cat"} {
		if err := Hold(context.Background(), cpus, "sh", "/bin/sh", []string{"-c", script}, func() error { return nil }); err == nil {
			t.Errorf("%q: no error", script)
		}
	}
}
