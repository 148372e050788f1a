package uvfs_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
	"github.com/uvgo/uvgo/uvfs"
)

// TestPaths runs each operation on paths once and looks with package os.
func TestPaths(t *testing.T) {
	f, ctx, dir := newFS(t), t.Context(), t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	uvtest.Check(t, f.Mkdir(ctx, in("d"), 0o700))
	uvtest.Check(t, f.WriteFile(ctx, in("a"), []byte("abc"), 0o600))
	uvtest.Check(t, f.Copyfile(ctx, in("a"), in("b"), requests.CopyExcl))
	uvtest.Check(t, f.Rename(ctx, in("b"), in("d/c")))
	uvtest.Check(t, f.Link(ctx, in("a"), in("hard")))
	uvtest.Check(t, f.Symlink(ctx, "d/c", in("soft")))
	uvtest.Check(t, f.Chmod(ctx, in("a"), 0o640))
	uvtest.Check(t, f.Chown(ctx, in("a"), -1, os.Getgid()))
	uvtest.Check(t, f.Lchown(ctx, in("soft"), os.Getuid(), -1))
	uvtest.Check(t, f.Access(ctx, in("a"), requests.AccessRead))
	at := time.Unix(1_234_567_890, 0)
	uvtest.Check(t, f.Chtimes(ctx, in("a"), at, at))
	uvtest.Check(t, f.Lchtimes(ctx, in("soft"), at, at))
	st := uvtest.Must(os.Lstat(in("a")))
	if got := uvtest.Must(f.Lstat(ctx, in("a"))); got.Mode() != st.Mode() || !got.ModTime().Equal(st.ModTime()) || !got.ModTime().Equal(at) {
		t.Errorf("lstat %v, os says %v", got, st)
	}
	if got := uvtest.Must(f.Lstat(ctx, in("soft"))); got.Mode().Type() != fs.ModeSymlink || !got.ModTime().Equal(at) {
		t.Errorf("lstat of the link %v", got)
	}
	if got := uvtest.Must(f.Readlink(ctx, in("soft"))); got != "d/c" {
		t.Errorf("readlink %q", got)
	}
	if got, want := uvtest.Must(f.Realpath(ctx, in("soft"))), uvtest.Must(filepath.EvalSymlinks(in("soft"))); got != want {
		t.Errorf("realpath %q, want %q", got, want)
	}
	if got := uvtest.Must(f.Statfs(ctx, dir)); got.Blocks == 0 {
		t.Errorf("statfs %+v", got)
	}
	made := uvtest.Must(f.MkdirTemp(ctx, dir, "t"))
	uvtest.Check(t, f.Remove(ctx, made))
	file := uvtest.Must(f.CreateTemp(ctx, dir, "t*"))
	uvtest.Check(t, file.Close())
	uvtest.Check(t, f.Remove(ctx, file.Name()))
	names := ""
	for _, e := range uvtest.Must(f.ReadDir(ctx, dir)) {
		names += e.Name() + " "
	}
	if names != "a d hard soft " {
		t.Errorf("the directory holds %s", names)
	}
}

// TestPathErrors have the types of package os.
func TestPathErrors(t *testing.T) {
	f, ctx, dir := newFS(t), t.Context(), t.TempDir()
	missing := filepath.Join(dir, "missing")
	err := f.Rename(ctx, missing, missing+"2")
	var l *os.LinkError
	if !errors.As(err, &l) || l.Op != "rename" || l.Old != missing || l.New != missing+"2" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("rename: %#v", err)
	}
	var p *fs.PathError
	err = f.Mkdir(ctx, dir, 0o700)
	if !errors.As(err, &p) || p.Op != "mkdir" || p.Path != dir || p.Err != uv.EEXIST || !errors.Is(err, fs.ErrExist) {
		t.Errorf("mkdir: %#v", err)
	}
	_, err = f.Open(ctx, "a\x00b")
	uvtest.IsErr(t, "open of a NUL", err, fs.ErrInvalid)
}

// TestDirReadsInParts, and closes once, also behind what is under way.
func TestDirReadsInParts(t *testing.T) {
	f, ctx, dir := newFS(t), t.Context(), t.TempDir()
	for i := range 25 {
		uvtest.Check(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o600))
	}
	d := uvtest.Must(f.Opendir(ctx, dir))
	seen := make(map[string]bool)
	for {
		part, err := d.Read(ctx, 10)
		if err == io.EOF {
			break
		}
		uvtest.Check(t, err)
		for _, e := range part {
			seen[e.Name()] = true
			if i := uvtest.Must(e.Info()); i.Name() != e.Name() || e.IsDir() {
				t.Errorf("entry %v, info %v", e, i)
			}
		}
	}
	if len(seen) != 25 {
		t.Errorf("%d entries", len(seen))
	}
	_, err := d.Read(ctx, 0)
	uvtest.IsErr(t, "read of none", err, fs.ErrInvalid)
	uvtest.Check(t, d.Close())
	uvtest.IsErr(t, "close again", d.Close(), fs.ErrClosed)
	_, err = d.Read(ctx, 1)
	uvtest.IsErr(t, "read of a closed directory", err, fs.ErrClosed)
	_, err = f.Opendir(ctx, filepath.Join(dir, "0"))
	uvtest.IsErr(t, "opendir of a file", err, uv.ENOTDIR)
}

// TestDirOutlivesItsLoop: it can still be closed, once, and TestMain finds no
// descriptor left.
func TestDirOutlivesItsLoop(t *testing.T) {
	f, ctx := newFS(t), t.Context()
	d := uvtest.Must(f.Opendir(ctx, t.TempDir()))
	uvtest.Check(t, f.Close())
	_, err := d.Read(ctx, 1)
	uvtest.IsErr(t, "read without a loop", err, fs.ErrClosed)
	uvtest.Check(t, d.Close())
	uvtest.IsErr(t, "close again", d.Close(), fs.ErrClosed)
}

// TestSeekDoesNotWait for a ReadDir of the same file, whose loop stands still;
// the ReadDir behind it lists anew.
func TestSeekDoesNotWait(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	dir := t.TempDir()
	own := newFS(t)
	opened := uvtest.Must(own.Open(t.Context(), dir))
	l := looptest.New(t)
	file := uvfs.On(l).NewFile(uintptr(uvtest.Must(unix.FcntlInt(opened.Fd(), unix.F_DUPFD_CLOEXEC, 0))), dir)
	uvtest.Check(t, opened.Close())
	listed := make(chan []fs.DirEntry)
	list := func() { listed <- uvtest.Must(file.ReadDir(0)) }
	run := func() []fs.DirEntry {
		for {
			uvtest.Must(l.RunNoWait())
			select {
			case entries := <-listed:
				return entries
			default:
			}
		}
	}
	go list()
	for !l.Alive() { // until it waits for the loop
		runtime.Gosched()
	}
	uvtest.Must(file.Seek(0, io.SeekStart))
	if got := run(); len(got) != 0 {
		t.Errorf("an empty directory holds %v", got)
	}
	uvtest.Check(t, os.WriteFile(filepath.Join(dir, "a"), nil, 0o600))
	go list()
	if got := run(); len(got) != 1 {
		t.Errorf("after Seek: %v", got)
	}
	closed := make(chan error)
	go func() { closed <- file.Close() }()
	for {
		uvtest.Must(l.RunNoWait())
		select {
		case err := <-closed:
			uvtest.Check(t, err)
			return
		default:
		}
	}
}

// TestReadDirAfterSeek lists anew.
func TestReadDirAfterSeek(t *testing.T) {
	f, ctx, dir := newFS(t), t.Context(), t.TempDir()
	file := uvtest.Must(f.Open(ctx, dir))
	if got := uvtest.Must(file.ReadDir(0)); len(got) != 0 {
		t.Errorf("an empty directory holds %v", got)
	}
	uvtest.Check(t, os.WriteFile(filepath.Join(dir, "a"), nil, 0o600))
	_, err := file.ReadDir(1)
	uvtest.IsErr(t, "ReadDir at the end", err, io.EOF)
	uvtest.Must(file.Seek(0, io.SeekStart))
	if got := uvtest.Must(file.ReadDir(5)); len(got) != 1 {
		t.Errorf("after Seek: %v", got)
	}
	uvtest.Check(t, file.Close())
}
