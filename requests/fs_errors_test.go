package requests_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// outcome awaits one operation and returns its error.
func outcome(t testing.TB, l *uvgo.Loop, start func(fn func(error)) (requests.FS, error)) error {
	t.Helper()
	return awaitErr(t, l, start)
}

// wantErr fails the test unless err is libuv's code, the system's errno, the
// error of package fs if there is one, and names the path.
func wantErr(t testing.TB, what string, err error, code uv.Errno, std error, path string) {
	t.Helper()
	var e *uv.Error
	if !errors.As(err, &e) || e.Errno != code {
		t.Errorf("%s: error %v, want %v", what, err, code.Name())
		return
	}
	uvtest.IsErr(t, what, err, syscall.Errno(-code))
	if std != nil {
		uvtest.IsErr(t, what, err, std)
	}
	if !strings.HasPrefix(e.Op, "fs ") || !strings.Contains(err.Error(), path) {
		t.Errorf("%s: %q does not name the operation and %q", what, err, path)
	}
}

// TestFSErrors: every operation on paths tells of a file that is not there, a
// path through a file, a loop of links and a name that is too long; every one
// on descriptors of one that is not open.
func TestFSErrors(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	uvtest.Check(t, os.WriteFile(in("file"), nil, 0o600))
	uvtest.Check(t, os.Symlink("loop", in("loop")))
	for path, want := range map[string]struct {
		code uv.Errno
		std  error
	}{
		in("missing/XXXXXX"):                     {uv.ENOENT, fs.ErrNotExist},
		in("file/XXXXXX"):                        {uv.ENOTDIR, nil},
		in("loop/XXXXXX"):                        {uv.ELOOP, nil},
		in(strings.Repeat("x", 300)) + "/XXXXXX": {uv.ENAMETOOLONG, nil},
	} {
		for name, start := range pathOperations(l, path) {
			wantErr(t, name+" of "+want.code.Name(), outcome(t, l, start), want.code, want.std, path[:len(path)-6])
		}
	}
	for name, start := range fdOperations(l, 1<<20, make([]byte, 8)) {
		wantErr(t, name+" of a closed descriptor", outcome(t, l, start), uv.EBADF, nil, "descriptor 1048576")
	}
	for _, tt := range []struct {
		what  string
		code  uv.Errno
		std   error
		start func(fn func(error)) (requests.FS, error)
	}{
		{"open a directory for writing", uv.EISDIR, nil, func(fn func(error)) (requests.FS, error) {
			return requests.FSOpen(l, dir, os.O_RDWR, 0, with[uintptr](fn))
		}},
		{"create what exists", uv.EEXIST, fs.ErrExist, func(fn func(error)) (requests.FS, error) {
			return requests.FSOpen(l, in("file"), os.O_CREATE|os.O_EXCL, 0, with[uintptr](fn))
		}},
		{"unlink a directory", uv.EISDIR, nil, func(fn func(error)) (requests.FS, error) { return requests.FSUnlink(l, dir, fn) }},
		{"mkdir of a file", uv.EEXIST, fs.ErrExist, func(fn func(error)) (requests.FS, error) {
			return requests.FSMkdir(l, in("file"), 0o700, fn)
		}},
		{"rmdir of a full directory", uv.ENOTEMPTY, fs.ErrExist, func(fn func(error)) (requests.FS, error) { return requests.FSRmdir(l, dir, fn) }},
		{"rmdir of a file", uv.ENOTDIR, nil, func(fn func(error)) (requests.FS, error) { return requests.FSRmdir(l, in("file"), fn) }},
		{"scandir of a file", uv.ENOTDIR, nil, func(fn func(error)) (requests.FS, error) { return requests.FSScandir(l, in("file"), collectErr(fn)) }},
		{"readlink of a file", uv.EINVAL, fs.ErrInvalid, func(fn func(error)) (requests.FS, error) {
			return requests.FSReadlink(l, in("file"), with[string](fn))
		}},
		{"copy onto what exists", uv.EEXIST, fs.ErrExist, func(fn func(error)) (requests.FS, error) {
			return requests.FSCopyfile(l, in("file"), in("file"), requests.CopyExcl, fn)
		}},
		{"rename a directory into itself", uv.EINVAL, nil, func(fn func(error)) (requests.FS, error) {
			return requests.FSRename(l, dir, in("inside"), fn)
		}},
		{"no path", uv.ENOENT, fs.ErrNotExist, func(fn func(error)) (requests.FS, error) { return requests.FSStat(l, "", with[uv.Stat](fn)) }},
	} {
		wantErr(t, tt.what, outcome(t, l, tt.start), tt.code, tt.std, "")
	}
	d := openFile(t, l, dir, os.O_RDONLY)
	wantErr(t, "read of a directory", outcome(t, l, func(fn func(error)) (requests.FS, error) {
		return requests.FSRead(l, d, 0, with[int](fn), make([]byte, 8))
	}), uv.EISDIR, nil, "descriptor")
	closeFile(t, l, d)
}

// TestFSNoSpace: a full disk is ENOSPC, and a short write before it.
func TestFSNoSpace(t *testing.T) {
	l := looptest.New(t)
	full := openFile(t, l, "/dev/full", os.O_WRONLY)
	wantErr(t, "write to /dev/full", outcome(t, l, func(fn func(error)) (requests.FS, error) {
		return requests.FSWrite(l, full, -1, with[int](fn), []byte("x"))
	}), uv.ENOSPC, nil, "descriptor")
	closeFile(t, l, full)

	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("a tiny tmpfs cannot be mounted here: %v", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	path := filepath.Join(dir, "file")
	fd := openFile(t, l, path, os.O_WRONLY|os.O_CREATE)
	n, err := await(t, l, func(fn func(int, error)) (requests.FS, error) {
		return requests.FSWrite(l, fd, -1, fn, make([]byte, 1<<20))
	})
	if n <= 0 || n > 64<<10 || err != io.ErrShortWrite {
		t.Errorf("a write of more than there is room for: %d, %v", n, err)
	}
	wantErr(t, "write to a full disk", outcome(t, l, func(fn func(error)) (requests.FS, error) {
		return requests.FSWrite(l, fd, -1, with[int](fn), make([]byte, 1<<20))
	}), uv.ENOSPC, nil, "descriptor")
	closeFile(t, l, fd)
	wantErr(t, "copy to a full disk", outcome(t, l, func(fn func(error)) (requests.FS, error) {
		return requests.FSCopyfile(l, path, path+"-copy", 0, fn)
	}), uv.ENOSPC, nil, path)
	if _, err := os.Stat(path + "-copy"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a copy that failed stays")
	}
}

func init() { uvtest.Helper("fs-denied", denied) }

// denied runs as a user who owns nothing and prints what each operation on
// files of root says.
func denied() {
	dir := os.Args[1]
	if os.Getuid() == 0 {
		for _, err := range []error{syscall.Setgroups(nil), syscall.Setgid(65534), syscall.Setuid(65534)} {
			if err != nil {
				panic(err)
			}
		}
	}
	l := uvtest.Must(uvgo.New())
	print := func(name string) func(error) {
		return func(err error) { fmt.Println(name, errors.Is(err, fs.ErrPermission), err) }
	}
	for name, start := range pathOperations(l, filepath.Join(dir, "closed", "XXXXXX")) {
		uvtest.Must(start(print(name)))
	}
	file := filepath.Join(dir, "file")
	uvtest.Must(requests.FSOpen(l, file, os.O_RDONLY, 0, with[uintptr](print("open file"))))
	uvtest.Must(requests.FSChown(l, file, 0, 0, print("chown file")))
	uvtest.Must(requests.FSChmod(l, file, 0o777, print("chmod file")))
	uvtest.Must(requests.FSAccess(l, file, requests.AccessRead, print("access file")))
	if err := l.Run(context.Background()); err != nil {
		panic(err)
	}
	if err := l.Close(); err != nil {
		panic(err)
	}
}

// TestFSPermissionDenied asks as a user other than root.
func TestFSPermissionDenied(t *testing.T) {
	dir := t.TempDir()
	uvtest.Check(t, os.Chmod(filepath.Dir(dir), 0o755))
	uvtest.Check(t, os.Chmod(dir, 0o755))
	uvtest.Check(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o000))
	uvtest.Check(t, os.Mkdir(filepath.Join(dir, "closed"), 0o000))
	defer os.Chmod(filepath.Join(dir, "closed"), 0o700)
	out, err := uvtest.Command(t, "fs-denied", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	owner := os.Getuid() != 0 // may do what only the owner may
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if want := len(pathOperations(nil, "")) + 4; len(lines) != want {
		t.Errorf("%d outcomes, want %d", len(lines), want)
	}
	for _, line := range lines {
		if owner && (strings.HasPrefix(line, "chown file") || strings.HasPrefix(line, "chmod file")) {
			continue
		}
		if !strings.Contains(line, " true fs ") || !strings.Contains(line, dir) {
			t.Error(line)
		}
	}
}
