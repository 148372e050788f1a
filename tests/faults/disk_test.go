package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvfs"
)

func init() { uvtest.Helper("faults file limit", fileLimit) }

const diskRoom = 1 << 20 // bytes of the full disk, or the longest file

// fill writes more than there is room for, by each way, and wants the error full: what has
// been written until then is there.
func fill(fs *uvfs.FS, dir string, full error) error {
	ctx := context.Background()
	p, _ := payload(2 * diskRoom)
	name := filepath.Join(dir, "a")
	f, err := fs.Create(ctx, name)
	if err != nil {
		return err
	}
	n, err := f.Write(p)
	if !errors.Is(err, full) {
		return refused("a long write", err, full)
	}
	if err := f.Close(); err != nil {
		return err
	}
	got, err := fs.ReadFile(ctx, name)
	if err != nil || len(got) != n || n == 0 || !bytes.Equal(got, p[:n]) {
		return fmt.Errorf("%d bytes are in the file, %d were written: %s", len(got), n, fmt.Sprint(err))
	}
	if err := fs.WriteFile(ctx, filepath.Join(dir, "b"), p, 0o600); !errors.Is(err, full) {
		return refused("WriteFile", err, full)
	}
	large := filepath.Join(os.Getenv("LARGE"))
	if err := fs.Copyfile(ctx, large, filepath.Join(dir, "c"), 0); !errors.Is(err, full) {
		return refused("Copyfile", err, full)
	}
	if _, err := os.Stat(filepath.Join(dir, "c")); !errors.Is(err, os.ErrNotExist) {
		return refused("the status of a copy that failed", err, os.ErrNotExist)
	}
	if err := os.Remove(name); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(dir, "b")); err != nil {
		return err
	}
	return fs.WriteFile(ctx, name, p[:1000], 0o600) // there is room again
}

// refused tells that what did not fail as it had to.
func refused(what string, err, want error) error {
	return errors.New(fmt.Sprint(what, ": ", err, ", want ", want))
}

// large makes a file that has no place where fill writes.
func large(t *testing.T) {
	name := filepath.Join(t.TempDir(), "large")
	p, _ := payload(3 * diskRoom)
	uvtest.Check(t, os.WriteFile(name, p, 0o600))
	t.Setenv("LARGE", name)
}

// A disk is full: a small tmpfs.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, fmt.Sprintf("size=%d", diskRoom)); err != nil {
		t.Skipf("a tmpfs cannot be mounted here (%v): TestFileSizeLimit does the same with a limit", err)
	}
	defer func() { uvtest.Check(t, unix.Unmount(dir, 0)) }()
	large(t)
	fs, err := uvfs.New()
	uvtest.Check(t, err)
	defer fs.Close()
	if err := fill(fs, dir, syscall.ENOSPC); err != nil {
		t.Error(err)
	}
}

// Files must not become longer than a limit (RLIMIT_FSIZE).
func TestFileSizeLimit(t *testing.T) {
	large(t)
	cmd := uvtest.Command(t, "faults file limit", t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, tail(out))
	}
}

func fileLimit() {
	signal.Ignore(syscall.SIGXFSZ)
	uvtest.Must(0, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: diskRoom, Max: diskRoom}))
	fs := uvtest.Must(uvfs.New())
	if err := fill(fs, os.Args[1], syscall.EFBIG); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	uvtest.Must(0, fs.Close())
}
