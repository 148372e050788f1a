package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

func TestWatcher(t *testing.T) {
	dir := t.TempDir()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	check(os.Mkdir(at("old"), 0o755))
	p := uvtest.Start(t, "main", dir)
	p.Expect(`^watching 2 directories$`)

	check(os.WriteFile(at("a"), nil, 0o600))
	p.Expect(`^created .*/a$`)
	check(os.Chmod(at("a"), 0o400))
	p.Expect(`^changed .*/a$`)
	check(os.WriteFile(at("old/b"), nil, 0o600))
	p.Expect(`^created .*/old/b$`)
	check(os.Mkdir(at("new"), 0o755))
	p.Expect(`^created .*/new$`)
	// The line above comes before the new directory is watched; a change of the
	// old one is seen only after that.
	check(os.Remove(at("a")))
	p.Expect(`^removed .*/a$`)
	check(os.WriteFile(at("new/c"), nil, 0o600))
	p.Expect(`^created .*/new/c$`)
	check(os.RemoveAll(at("new")))
	p.Expect(`^removed .*/new$`)

	p.Signal(syscall.SIGINT)
	p.Wait(0)
}

func TestNoDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arg := range []string{file, file + "-missing"} {
		uvtest.Start(t, "main", arg).Wait(1)
	}
}

func TestOneDirectory(t *testing.T) {
	p := uvtest.Start(t, "main", t.TempDir())
	p.Expect(`^watching 1 directory$`)
	p.Signal(syscall.SIGINT)
	p.Wait(0)
}

// TestUsage: without arguments the program prints its usage in one line.
func TestUsage(t *testing.T) {
	p := uvtest.Start(t, "main")
	p.Wait(2)
	if got, want := p.Stderr(), "usage: file-watcher DIRECTORY\n"; got != want {
		t.Errorf("it says %q, not %q", got, want)
	}
}
