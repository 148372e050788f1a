package requests_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// await runs the loop until the operation that start begins has completed.
func await[T any](t testing.TB, l *uvgo.Loop, start func(fn func(T, error)) (requests.FS, error)) (v T, err error) {
	t.Helper()
	done := false
	_, err = start(func(got T, e error) { v, err, done = got, e, true })
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	if done {
		t.Fatal("the callback ran inside the call")
	}
	for !done {
		uvtest.Must(l.RunOnce())
	}
	return v, err
}

// awaitErr is await of an operation that has no result.
func awaitErr(t testing.TB, l *uvgo.Loop, start func(fn func(error)) (requests.FS, error)) error {
	t.Helper()
	_, err := await(t, l, func(fn func(struct{}, error)) (requests.FS, error) {
		return start(func(err error) { fn(struct{}{}, err) })
	})
	return err
}

// openFile opens a file through the loop; the caller closes it.
func openFile(t testing.TB, l *uvgo.Loop, path string, flags int) uintptr {
	t.Helper()
	fd, err := await(t, l, func(fn func(uintptr, error)) (requests.FS, error) {
		return requests.FSOpen(l, path, flags, 0o644, fn)
	})
	uvtest.Check(t, err)
	return fd
}

func closeFile(t testing.TB, l *uvgo.Loop, fd uintptr) {
	t.Helper()
	uvtest.Check(t, awaitErr(t, l, func(fn func(error)) (requests.FS, error) { return requests.FSClose(l, fd, fn) }))
}

func stat(t testing.TB, l *uvgo.Loop, path string) (uv.Stat, error) {
	t.Helper()
	return await(t, l, func(fn func(uv.Stat, error)) (requests.FS, error) { return requests.FSStat(l, path, fn) })
}

// TestFSFileRoundTrip writes, reads, measures, syncs and cuts a file, with
// several buffers and at offsets.
func TestFSFileRoundTrip(t *testing.T) {
	l := looptest.New(t)
	path := filepath.Join(t.TempDir(), "file")
	fd := openFile(t, l, path, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	n, err := await(t, l, func(fn func(int, error)) (requests.FS, error) {
		return requests.FSWrite(l, fd, -1, fn, []byte("hello "), nil, []byte("wide "), []byte("world"), []byte("!"), []byte("?"))
	})
	if n != 18 || err != nil {
		t.Fatalf("write: %d, %v", n, err)
	}
	a, b := make([]byte, 6), make([]byte, 100)
	n, err = await(t, l, func(fn func(int, error)) (requests.FS, error) { return requests.FSRead(l, fd, 0, fn, a, b) })
	if n != 18 || err != nil || string(a)+string(b[:12]) != "hello wide world!?" {
		t.Fatalf("read: %d, %v, %q", n, err, string(a)+string(b[:12]))
	}
	n, err = await(t, l, func(fn func(int, error)) (requests.FS, error) { return requests.FSRead(l, fd, -1, fn, a) })
	if n != 0 || err != io.EOF {
		t.Errorf("read at the end: %d, %v", n, err)
	}
	n, err = await(t, l, func(fn func(int, error)) (requests.FS, error) { return requests.FSRead(l, fd, 18, fn, nil) })
	if n != 0 || err != nil {
		t.Errorf("read of nothing at the end: %d, %v", n, err)
	}
	uvtest.Check(t, awaitErr(t, l, func(fn func(error)) (requests.FS, error) { return requests.FSFtruncate(l, fd, 5, fn) }))
	uvtest.Check(t, awaitErr(t, l, func(fn func(error)) (requests.FS, error) { return requests.FSFsync(l, fd, fn) }))
	uvtest.Check(t, awaitErr(t, l, func(fn func(error)) (requests.FS, error) { return requests.FSFdatasync(l, fd, fn) }))
	uvtest.Check(t, awaitErr(t, l, func(fn func(error)) (requests.FS, error) { return requests.FSFchmod(l, fd, 0o4600, fn) }))
	uvtest.Check(t, awaitErr(t, l, func(fn func(error)) (requests.FS, error) { return requests.FSFchown(l, fd, -1, -1, fn) }))
	st, err := await(t, l, func(fn func(uv.Stat, error)) (requests.FS, error) { return requests.FSFstat(l, fd, fn) })
	uvtest.Check(t, err)
	want := uvtest.Must(os.Stat(path))
	if st.Size != 5 || st.Mode != want.Mode() || !st.ModTime.Equal(want.ModTime()) || st.IsDir() {
		t.Errorf("fstat %+v, os says %v", st, want)
	}
	closeFile(t, l, fd)
	uvtest.IsErr(t, "close again", awaitErr(t, l, func(fn func(error)) (requests.FS, error) { return requests.FSClose(l, fd, fn) }), uv.EBADF)
	if got := string(uvtest.Must(os.ReadFile(path))); got != "hello" {
		t.Errorf("the file holds %q", got)
	}
}

// TestFSPaths runs the operations on paths and compares with what os sees.
func TestFSPaths(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	run := func(what string, start func(fn func(error)) (requests.FS, error)) {
		t.Helper()
		if err := awaitErr(t, l, start); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	run("mkdir", func(fn func(error)) (requests.FS, error) { return requests.FSMkdir(l, in("d"), 0o750, fn) })
	if m := uvtest.Must(os.Stat(in("d"))).Mode(); m != fs.ModeDir|0o750 {
		t.Errorf("mkdir makes %v", m)
	}
	uvtest.Check(t, os.WriteFile(in("a"), []byte("abc"), 0o600))
	run("copyfile", func(fn func(error)) (requests.FS, error) {
		return requests.FSCopyfile(l, in("a"), in("b"), requests.CopyExcl, fn)
	})
	if got := string(uvtest.Must(os.ReadFile(in("b")))); got != "abc" {
		t.Errorf("the copy holds %q", got)
	}
	run("rename", func(fn func(error)) (requests.FS, error) { return requests.FSRename(l, in("b"), in("d/c"), fn) })
	run("link", func(fn func(error)) (requests.FS, error) { return requests.FSLink(l, in("a"), in("hard"), fn) })
	if st := uvtest.Must(stat(t, l, in("a"))); st.Nlink != 2 {
		t.Errorf("%d links", st.Nlink)
	}
	run("symlink", func(fn func(error)) (requests.FS, error) { return requests.FSSymlink(l, "d/c", in("soft"), fn) })
	target, err := await(t, l, func(fn func(string, error)) (requests.FS, error) { return requests.FSReadlink(l, in("soft"), fn) })
	if target != "d/c" || err != nil {
		t.Errorf("readlink: %q, %v", target, err)
	}
	real, err := await(t, l, func(fn func(string, error)) (requests.FS, error) { return requests.FSRealpath(l, in("soft"), fn) })
	if want := uvtest.Must(filepath.EvalSymlinks(in("soft"))); real != want || err != nil {
		t.Errorf("realpath: %q, %v, want %q", real, err, want)
	}
	st, err := await(t, l, func(fn func(uv.Stat, error)) (requests.FS, error) { return requests.FSLstat(l, in("soft"), fn) })
	if st.Mode.Type() != fs.ModeSymlink || err != nil {
		t.Errorf("lstat: %v, %v", st.Mode, err)
	}
	run("chmod", func(fn func(error)) (requests.FS, error) { return requests.FSChmod(l, in("a"), 0o640, fn) })
	run("chown", func(fn func(error)) (requests.FS, error) { return requests.FSChown(l, in("a"), os.Getuid(), -1, fn) })
	run("lchown", func(fn func(error)) (requests.FS, error) {
		return requests.FSLchown(l, in("soft"), -1, os.Getgid(), fn)
	})
	run("access", func(fn func(error)) (requests.FS, error) {
		return requests.FSAccess(l, in("a"), requests.AccessRead|requests.AccessWrite, fn)
	})
	run("unlink", func(fn func(error)) (requests.FS, error) { return requests.FSUnlink(l, in("d/c"), fn) })
	run("rmdir", func(fn func(error)) (requests.FS, error) { return requests.FSRmdir(l, in("d"), fn) })
	if _, err := os.Stat(in("d")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("rmdir leaves %v", err)
	}
	var sys unix.Statfs_t
	uvtest.Check(t, unix.Statfs(dir, &sys))
	sfs, err := await(t, l, func(fn func(uv.Statfs, error)) (requests.FS, error) { return requests.FSStatfs(l, dir, fn) })
	if err != nil || sfs.Blocks != sys.Blocks || sfs.BlockSize != uint64(sys.Bsize) || sfs.Type != uint64(sys.Type) {
		t.Errorf("statfs: %+v, %v, the system says %+v", sfs, err, sys)
	}
	want := uint64(sys.Frsize)
	if cuv.VersionHex() < 0x013400 {
		want = 0 // libuv does not tell
	}
	if sfs.FragmentSize != want {
		t.Errorf("statfs: fragments of %d bytes, want %d", sfs.FragmentSize, want)
	}
}

// TestFSTimeNow: uv.FileTimeNow sets a time by the file system's clock, and a zero time
// beside it leaves the other alone. A libuv that cannot do that says so.
func TestFSTimeNow(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	write := func(name string) time.Time {
		uvtest.Check(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
		return uvtest.Must(os.Stat(filepath.Join(dir, name))).ModTime()
	}
	path, old := filepath.Join(dir, "file"), time.Unix(1_000_000_000, 0)
	write("file")
	uvtest.Check(t, os.Chtimes(path, old, old))
	before := write("before")
	if cuv.VersionHex() < 0x013300 {
		_, err := requests.FSUtime(l, path, old, uv.FileTimeNow(), func(error) {})
		uvtest.IsErr(t, "utime", err, uv.ENOTSUP)
		return
	}
	uvtest.Check(t, awaitErr(t, l, func(fn func(error)) (requests.FS, error) {
		return requests.FSUtime(l, path, time.Time{}, uv.FileTimeNow(), fn)
	}))
	after := write("after")
	st := uvtest.Must(await(t, l, func(fn func(uv.Stat, error)) (requests.FS, error) { return requests.FSStat(l, path, fn) }))
	if st.ModTime.Before(before) || st.ModTime.After(after) || !st.AccessTime.Equal(old) {
		t.Errorf("set to %v and read at %v, want the time between %v and %v, and %v", st.ModTime, st.AccessTime, before, after, old)
	}
}

// TestFSTemporary makes a file and a directory with new names.
func TestFSTemporary(t *testing.T) {
	l := looptest.New(t)
	template := filepath.Join(t.TempDir(), "new-XXXXXX")
	path, err := await(t, l, func(fn func(string, error)) (requests.FS, error) { return requests.FSMkdtemp(l, template, fn) })
	if err != nil || !uvtest.Must(os.Stat(path)).IsDir() || path == template {
		t.Errorf("mkdtemp: %q, %v", path, err)
	}
	type made struct {
		fd   uintptr
		path string
	}
	m, err := await(t, l, func(fn func(made, error)) (requests.FS, error) {
		return requests.FSMkstemp(l, template, func(fd uintptr, path string, err error) { fn(made{fd, path}, err) })
	})
	if err != nil || !uvtest.Must(os.Stat(m.path)).Mode().IsRegular() || m.path == path {
		t.Errorf("mkstemp: %+v, %v", m, err)
	}
	closeFile(t, l, m.fd)
	bad := strings.TrimSuffix(template, "X")
	m, err = await(t, l, func(fn func(made, error)) (requests.FS, error) {
		return requests.FSMkstemp(l, bad, func(fd uintptr, path string, err error) { fn(made{fd, path}, err) })
	})
	uvtest.IsErr(t, "mkstemp of a bad template", err, fs.ErrInvalid)
	if m.path != "" || m.fd != ^uintptr(0) {
		t.Errorf("it makes %+v", m)
	}
}

// TestFSTimesArriveExactly: libuv takes times as floating point and cuts them
// to microseconds; none may be off by one. A libuv from 1.52 on does not cut them, and
// less than a microsecond may be left over.
func TestFSTimesArriveExactly(t *testing.T) {
	l := looptest.New(t)
	path := filepath.Join(t.TempDir(), "file")
	uvtest.Check(t, os.WriteFile(path, nil, 0o600))
	link := path + "-link"
	uvtest.Check(t, os.Symlink(path, link))
	fd := openFile(t, l, path, os.O_RDWR)
	at := time.Unix(1_700_000_000, 0)
	for us := range 200 {
		a, m := at.Add(time.Duration(us)*time.Microsecond), at.Add(time.Duration(999_999-us*7)*time.Microsecond)
		if us%4 == 3 {
			m = time.Unix(-int64(us), int64(us)*1000) // before 1970
		}
		which := us % 3
		uvtest.Check(t, awaitErr(t, l, func(fn func(error)) (requests.FS, error) {
			switch which {
			case 0:
				return requests.FSUtime(l, path, a, m, fn)
			case 1:
				return requests.FSFutime(l, fd, a, m, fn)
			}
			return requests.FSLutime(l, link, a, m, fn)
		}))
		st := uvtest.Must(await(t, l, func(fn func(uv.Stat, error)) (requests.FS, error) {
			if which == 2 {
				return requests.FSLstat(l, link, fn)
			}
			return requests.FSStat(l, path, fn)
		}))
		if cuv.VersionHex() >= 0x013400 {
			st.AccessTime, st.ModTime = st.AccessTime.Truncate(time.Microsecond), st.ModTime.Truncate(time.Microsecond)
		}
		if !st.AccessTime.Equal(a) || !st.ModTime.Equal(m) {
			t.Fatalf("set %v and %v, got %v and %v", a.UTC(), m.UTC(), st.AccessTime.UTC(), st.ModTime.UTC())
		}
	}
	closeFile(t, l, fd)
}

// TestFSDirectories lists a directory in one go and in parts.
func TestFSDirectories(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	want := make(map[string]uv.DirentType)
	for i := range 300 {
		name := fmt.Sprintf("file-%03d-%s", i, strings.Repeat("x", i%200))
		uvtest.Check(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
		want[name] = uv.DirentFile
	}
	uvtest.Check(t, os.Mkdir(filepath.Join(dir, "dir"), 0o700))
	uvtest.Check(t, os.Symlink("dir", filepath.Join(dir, "link")))
	uvtest.Check(t, unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600))
	want["dir"], want["link"], want["fifo"] = uv.DirentDir, uv.DirentLink, uv.DirentFIFO
	compare := func(what string, got []uv.Dirent) {
		t.Helper()
		if len(got) != len(want) {
			t.Errorf("%s: %d entries, want %d", what, len(got), len(want))
		}
		for _, e := range got {
			if typ, ok := want[e.Name]; !ok || typ != e.Type {
				t.Errorf("%s: entry %v", what, e)
			}
		}
	}
	all := uvtest.Must(scan(t, l, dir))
	compare("scandir", all)
	if !slices.IsSortedFunc(all, func(a, b uv.Dirent) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("scandir does not sort")
	}
	d := uvtest.Must(await(t, l, func(fn func(*requests.Dir, error)) (requests.FS, error) { return requests.FSOpendir(l, dir, fn) }))
	var parts []uv.Dirent
	for _, n := range []int{1, 7, 3, 100, 1 << 30} {
		part := uvtest.Must(readdir(t, l, d, n))
		if n < 1<<30 && len(part) != n {
			t.Errorf("%d of %d entries", len(part), n)
		}
		parts = append(parts, part...)
	}
	compare("readdir", parts)
	if more := uvtest.Must(readdir(t, l, d, 10)); len(more) != 0 {
		t.Errorf("behind the end: %v", more)
	}
	uvtest.Check(t, awaitErr(t, l, func(fn func(error)) (requests.FS, error) { return requests.FSClosedir(l, d, fn) }))
	_, err := requests.FSClosedir(l, d, func(error) {})
	uvtest.IsErr(t, "closedir again", err, fs.ErrClosed)
	_, err = requests.FSReaddir(l, d, 1, func(iter.Seq[uv.Dirent], error) {})
	uvtest.IsErr(t, "readdir of a closed directory", err, fs.ErrClosed)
	if empty := uvtest.Must(scan(t, l, filepath.Join(dir, "dir"))); len(empty) != 0 {
		t.Errorf("an empty directory holds %v", empty)
	}
}

func scan(t testing.TB, l *uvgo.Loop, path string) ([]uv.Dirent, error) {
	t.Helper()
	return await(t, l, func(fn func([]uv.Dirent, error)) (requests.FS, error) {
		return requests.FSScandir(l, path, func(entries iter.Seq[uv.Dirent], err error) { fn(slices.Collect(entries), err) })
	})
}

func readdir(t testing.TB, l *uvgo.Loop, d *requests.Dir, n int) ([]uv.Dirent, error) {
	t.Helper()
	return await(t, l, func(fn func([]uv.Dirent, error)) (requests.FS, error) {
		return requests.FSReaddir(l, d, n, func(entries iter.Seq[uv.Dirent], err error) { fn(slices.Collect(entries), err) })
	})
}

// TestFSEntriesAreBorrowed: an iterator that is kept finds nothing later, and
// one that stops early or panics leaves nothing behind.
func TestFSEntriesAreBorrowed(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	for i := range 5 {
		uvtest.Check(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o600))
	}
	var kept iter.Seq[uv.Dirent]
	called := uvtest.NewCounter(t, "scandir callback", 2)
	uvtest.Must(requests.FSScandir(l, dir, func(entries iter.Seq[uv.Dirent], err error) {
		called.Inc()
		kept = entries
		for e := range entries {
			if e.Name != "0" {
				t.Errorf("the first entry is %s", e.Name)
			}
			break
		}
		if again := slices.Collect(entries); len(again) != 5 {
			t.Errorf("a second look finds %d entries", len(again))
		}
	}))
	looptest.Run(t, l)
	if late := slices.Collect(kept); len(late) != 0 {
		t.Errorf("after the callback there are %v", late)
	}
	uvtest.Must(requests.FSScandir(l, dir, func(entries iter.Seq[uv.Dirent], err error) {
		called.Inc()
		for range entries {
			panic("midway")
		}
	}))
	var p *uv.PanicError
	for {
		alive, err := l.RunOnce()
		if errors.As(err, &p) {
			break
		}
		uvtest.Check(t, err)
		if !alive {
			t.Fatal("no panic")
		}
	}
	looptest.Run(t, l)
}
