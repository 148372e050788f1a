package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

func TestReload(t *testing.T) {
	path := filepath.Join(t.TempDir(), "conf")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"greeting": "hello", "every": "1h"}`)
	p := uvtest.Start(t, "main", path)
	p.Expect(`^loaded: "hello" every 1h0m0s$`)
	p.Expect(`^hello$`)

	write(`{"greeting": "good day", "every": "1ms"}`)
	p.Signal(syscall.SIGHUP)
	p.Expect(`^loaded: "good day" every 1ms$`)
	p.Expect(`^good day$`)

	write(`{"greeting": "never", "every": "now and then"}`)
	p.Signal(syscall.SIGHUP)
	p.Expect(`^kept the old configuration: every: "now and then" is no interval$`)
	p.Expect(`^good day$`)

	p.Signal(syscall.SIGTERM)
	p.Expect(`^bye$`)
	p.Wait(0)
}

func TestBadConfigurationAtTheStart(t *testing.T) {
	p := uvtest.Start(t, "main", filepath.Join(t.TempDir(), "none"))
	p.Wait(1)
	if !strings.Contains(p.Stderr(), "no such file") {
		t.Errorf("complaint %q", p.Stderr())
	}
}

// TestUsage: without arguments the program prints its usage in one line.
func TestUsage(t *testing.T) {
	p := uvtest.Start(t, "main")
	p.Wait(2)
	if got, want := p.Stderr(), "usage: signal-reload FILE\n"; got != want {
		t.Errorf("it says %q, not %q", got, want)
	}
}
