package uvtest

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// caseEnv makes a child process's TestInChild do what the case says.
const caseEnv = "UVTEST_CASE"

func TestMain(m *testing.M) {
	Main(m, func() error {
		if os.Getenv(caseEnv) == "check" {
			return errors.New("2 handles are open")
		}
		return nil
	})
}

var kept *os.File // keeps a leaked file from the collector

// cases are what a child process does in a test of its own.
var cases = map[string]func(*testing.T){
	"clean":     func(*testing.T) {},
	"check":     func(*testing.T) {},
	"file":      func(t *testing.T) { kept, _ = os.Open(os.DevNull) },
	"goroutine": func(*testing.T) { go leakGoroutine() },
	"goroutine that ends soon": func(*testing.T) {
		go func() { time.Sleep(30 * time.Millisecond) }()
	},
	"signal receiver": func(*testing.T) {
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGUSR1)
		signal.Stop(c)
	},
	"failure": func(t *testing.T) { t.Error("failed on purpose") },
	"count":   func(t *testing.T) { NewCounter(t, "close callback", 2).Inc() },
	"count too many": func(t *testing.T) {
		c := NewCounter(t, "close callback", 0)
		c.Inc()
	},
	"count at least": func(t *testing.T) { NewCounterAtLeast(t, "read callback", 1) },
	"slow": func(t *testing.T) {
		const d = 500 * time.Millisecond
		Watchdog(t, d)
		for start := time.Now(); time.Since(start) < 5*d/2; {
		}
	},
	"hang": func(t *testing.T) {
		Watchdog(t, 20*time.Millisecond)
		leakGoroutine()
	},
	"conformance": func(t *testing.T) {
		Conformance(t, "testdata/rows.tsv", []string{"timer"}, nil, nil)
	},
}

func leakGoroutine() { select {} }

func TestInChild(t *testing.T) {
	name := os.Getenv(caseEnv)
	if name == "" {
		t.Skip("runs in a child process of TestMainReports")
	}
	cases[name](t)
}

// child runs this test binary with one case and returns its status and output.
func child(t *testing.T, name string, args ...string) (int, string) {
	t.Helper()
	Watchdog(t, 2*time.Minute)
	cmd := self(t, args...)
	cmd.Env = append(cmd.Environ(), caseEnv+"="+name)
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func TestMainReports(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		want   string // in the output
	}{
		{"clean", 0, "PASS"},
		{"slow", 0, "PASS"},
		{"goroutine that ends soon", 0, "PASS"},
		{"signal receiver", 0, "PASS"},
		{"file", 1, "uvtest: the tests leave behind\ndescriptor "},
		{"epoll", 1, "eventpoll"},
		{"socket in place of a file", 1, "descriptor 0: socket:"},
		{"goroutine", 1, "uvtest.leakGoroutine"},
		{"check", 1, "2 handles are open"},
		{"failure", 1, "failed on purpose"},
		{"count", 1, "close callback: called 1 times, want 2"},
		{"count too many", 1, "close callback: called 1 times, want 0"},
		{"count at least", 1, "read callback: called 0 times, want at least 1"},
		{"hang", 2, "uvtest.leakGoroutine"},
		{"conformance", 1, "testdata/rows.tsv: line 2: timer_again (timer) has no subtest"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if cases[tt.name] == nil {
				t.Skip("Linux only")
			}
			t.Parallel()
			status, out := child(t, tt.name, "-test.run=^TestInChild$")
			if status != tt.status || !strings.Contains(out, tt.want) {
				t.Errorf("status %d, want %d; output must hold %q:\n%s", status, tt.status, tt.want, out)
			}
		})
	}
}

func TestMainLists(t *testing.T) {
	status, out := child(t, "clean", "-test.list=^TestInChild$")
	if status != 0 || out != "TestInChild\n" {
		t.Errorf("status %d, output %q", status, out)
	}
}

func FuzzNothing(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {})
}

func TestMainFuzzes(t *testing.T) {
	status, out := child(t, "clean", "-test.run=^$", "-test.fuzz=^FuzzNothing$",
		"-test.fuzztime=10x", "-test.parallel=1", "-test.fuzzcachedir="+t.TempDir())
	if status != 0 || strings.Contains(out, "uvtest:") {
		t.Errorf("status %d:\n%s", status, out)
	}
}

func TestMainIgnoresProfilesOfTesting(t *testing.T) {
	dir := t.TempDir()
	status, out := child(t, "clean", "-test.run=^TestInChild$",
		"-test.cpuprofile="+dir+"/cpu", "-test.trace="+dir+"/trace")
	if status != 0 {
		t.Errorf("status %d:\n%s", status, out)
	}
}
