package requests_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// copyFile waits for FSCopyfile.
func copyFile(t testing.TB, l *uvgo.Loop, from, to string, flags requests.CopyFlag) error {
	t.Helper()
	return awaitErr(t, l, func(fn func(error)) (requests.FS, error) {
		return requests.FSCopyfile(l, from, to, flags, fn)
	})
}

// TestFSCopyfileGoesByTheContent copies files of which the kernel says that they
// have 4,096 bytes, or none, and those have others.
func TestFSCopyfileGoesByTheContent(t *testing.T) {
	l := looptest.New(t)
	for _, from := range []string{"/sys/kernel/mm/transparent_hugepage/enabled", "/sys/kernel/notes", "/proc/version", "/proc/self/auxv", "/proc/kallsyms"} {
		want, err := os.ReadFile(from)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			continue // the system has it or not; /proc/self is always there
		}
		uvtest.Check(t, err)
		to := filepath.Join(t.TempDir(), "to")
		for _, flags := range []requests.CopyFlag{0, requests.CopyClone} {
			if err := copyFile(t, l, from, to, flags); err != nil {
				t.Errorf("%s: %v", from, err)
				continue
			}
			if got := uvtest.Must(os.ReadFile(to)); !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes, want %d", from, len(got), len(want))
			}
			uvtest.Check(t, os.Chmod(to, 0o600))
		}
	}
}

// TestFSCopyfileKeepsModeAndTimes: also of bits that writing takes away, and of a
// file that may not be written.
func TestFSCopyfileKeepsModeAndTimes(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	old := time.Date(2001, 2, 3, 4, 5, 6, 789, time.UTC)
	for _, mode := range []fs.FileMode{0o640, 0o444, 0o755 | fs.ModeSetuid} {
		uvtest.Check(t, os.WriteFile(from, []byte("content"), 0o600))
		uvtest.Check(t, os.Chmod(from, mode))
		uvtest.Check(t, os.Chtimes(from, old, old))
		for range 2 { // a new file, and one that is there, longer
			uvtest.Check(t, copyFile(t, l, from, to, 0))
			st := uvtest.Must(os.Stat(to))
			if st.Mode() != mode || !st.ModTime().Equal(old) || string(uvtest.Must(os.ReadFile(to))) != "content" {
				t.Errorf("%v: %v, %v, %q", mode, st.Mode(), st.ModTime(), uvtest.Must(os.ReadFile(to)))
			}
			uvtest.Check(t, os.Chmod(to, 0o600))
			uvtest.Check(t, os.WriteFile(to, []byte("more than content"), 0o600))
		}
		uvtest.Check(t, os.Remove(from))
		uvtest.Check(t, os.Remove(to))
	}
}

// TestFSCopyfileErrors: what fails leaves no file, but for one that was not to be
// touched.
func TestFSCopyfileErrors(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	uvtest.Check(t, os.WriteFile(from, []byte("content"), 0o600))
	uvtest.IsErr(t, "a directory", copyFile(t, l, dir, to, 0), uv.EISDIR)
	uvtest.IsErr(t, "no file", copyFile(t, l, to, from+"2", 0), uv.ENOENT)
	uvtest.IsErr(t, "into no directory", copyFile(t, l, from, to+"/x", 0), uv.ENOENT)
	uvtest.IsErr(t, "onto a directory", copyFile(t, l, from, dir, 0), uv.EISDIR)
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a failed copy left its file: %v", err)
	}
	uvtest.Check(t, copyFile(t, l, from, from, 0))
	uvtest.IsErr(t, "onto what exists", copyFile(t, l, from, from, requests.CopyExcl), uv.EEXIST)
	uvtest.Check(t, copyFile(t, l, from, to, requests.CopyExcl))
	uvtest.Check(t, copyFile(t, l, os.DevNull, to, 0))
	if got := uvtest.Must(os.ReadFile(from)); string(got) != "content" {
		t.Errorf("the source holds %q", got)
	}
	if got := uvtest.Must(os.ReadFile(to)); len(got) != 0 {
		t.Errorf("the copy of an empty file holds %q", got)
	}
}

// TestFSCopyfileKeepsWhatIsNoFile: a copy onto a FIFO fails, as one onto a device
// does, and leaves it where it is.
func TestFSCopyfileKeepsWhatIsNoFile(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	uvtest.Check(t, os.WriteFile(from, []byte("content"), 0o600))
	uvtest.Check(t, unix.Mkfifo(to, 0o600))
	reader := uvtest.Must(os.OpenFile(to, os.O_RDWR, 0)) // or opening it would wait for one
	defer reader.Close()
	uvtest.IsErr(t, "onto a FIFO", copyFile(t, l, from, to, 0), uv.EINVAL)
	if info, err := os.Lstat(to); err != nil || info.Mode().Type() != fs.ModeNamedPipe {
		t.Errorf("the FIFO is gone: %v, %v", info, err)
	}
}
