package handles_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// A seen is one report of an FSEvent, as "name kind".
type seen []string

// report is a callback that records.
func (s *seen) report(t testing.TB) func(name string, kind handles.FSEventKind, err error) {
	return func(name string, kind handles.FSEventKind, err error) {
		uvtest.Check(t, err)
		*s = append(*s, name+" "+kind.String())
	}
}

// want runs the loop until exactly these reports have come, and forgets them.
func (s *seen) want(t testing.TB, l *uvgo.Loop, lines ...string) {
	t.Helper()
	looptest.Until(t, l, func() bool { return len(*s) >= len(lines) })
	looptest.Turn(t, l, 2) // and no more
	if diff := cmp.Diff(lines, []string(*s)); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
	*s = nil
}

// touch makes an empty file.
func touch(t testing.TB, path ...string) {
	t.Helper()
	f, err := os.Create(filepath.Join(path...))
	uvtest.Check(t, err)
	uvtest.Check(t, f.Close())
}

func TestFSEventReportsWhatHappensInADirectory(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		dir := t.TempDir()
		var got seen
		w := uvtest.Must(l.NewFSEvent())
		uvtest.Check(t, w.Start(dir, 0, got.report(t)))
		touch(t, dir, "a")
		got.want(t, l, "a rename")
		uvtest.Check(t, os.WriteFile(filepath.Join(dir, "a"), []byte("x"), 0)) // it exists: nothing to truncate
		got.want(t, l, "a change")
		uvtest.Check(t, os.Chmod(filepath.Join(dir, "a"), 0o400))
		got.want(t, l, "a change")
		uvtest.Check(t, os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "b")))
		got.want(t, l, "a rename", "b rename")
		uvtest.Check(t, os.Remove(filepath.Join(dir, "b")))
		got.want(t, l, "b rename")
		uvtest.CloseAll(t, w)
	})
}

func TestFSEventReportsAFileByItsName(t *testing.T) {
	l := looptest.New(t)
	path := filepath.Join(t.TempDir(), "file")
	touch(t, path)
	var got seen
	w := uvtest.Must(l.NewFSEvent())
	if _, err := w.Path(); !errors.Is(err, uv.EINVAL) {
		t.Errorf("path of an inactive handle: %v", err)
	}
	uvtest.Check(t, w.Start(path, 0, got.report(t)))
	if p := uvtest.Must(w.Path()); p != path || !w.Active() {
		t.Errorf("path %q, active %t", p, w.Active())
	}
	uvtest.Check(t, os.Chmod(path, 0o400))
	got.want(t, l, "file change")
	uvtest.CloseAll(t, w)
}

func TestFSEventStopDropsWhatHasBeenRead(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	n := 0
	w := uvtest.Must(l.NewFSEvent())
	var report func(string, handles.FSEventKind, error)
	report = func(string, handles.FSEventKind, error) {
		n++
		uvtest.Check(t, w.Stop())
		uvtest.Check(t, w.Start(dir, 0, report)) // the other files were before its time
	}
	uvtest.Check(t, w.Start(dir, 0, report))
	for i := range 10 {
		touch(t, dir, fmt.Sprint(i))
	}
	looptest.Turn(t, l, 3)
	if n != 1 {
		t.Errorf("%d reports, want the one before Stop", n)
	}
	touch(t, dir, "new")
	looptest.Until(t, l, func() bool { return n == 2 })
	uvtest.Check(t, w.Stop())
	uvtest.Check(t, w.Stop()) // nothing to stop
	touch(t, dir, "newer")
	looptest.Run(t, l) // nothing keeps it alive
	if n != 2 {
		t.Errorf("%d reports, want 2", n)
	}
	uvtest.CloseAll(t, w)
}

func TestFSEventCloseInItsCallback(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		dir := t.TempDir()
		n, closed := 0, 0
		w := uvtest.Must(l.NewFSEvent())
		w.OnClose(func() { closed++ })
		uvtest.Check(t, w.Start(dir, 0, func(string, handles.FSEventKind, error) {
			n++
			uvtest.Check(t, w.Close())
		}))
		for i := range 5 {
			touch(t, dir, fmt.Sprint(i))
		}
		looptest.Run(t, l)
		if n != 1 || closed != 1 {
			t.Errorf("%d reports, %d close callbacks; want 1, 1", n, closed)
		}
	})
}

func TestFSEventOfADirectoryThatIsDeleted(t *testing.T) {
	l := looptest.New(t)
	dir := filepath.Join(t.TempDir(), "dir")
	uvtest.Check(t, os.Mkdir(dir, 0o755))
	var got seen
	w := uvtest.Must(l.NewFSEvent())
	uvtest.Check(t, w.Start(dir, 0, got.report(t)))
	uvtest.Check(t, os.Remove(dir))
	looptest.Until(t, l, func() bool { return len(got) > 0 })
	looptest.Turn(t, l, 1)
	for _, line := range got {
		if line != "dir rename" {
			t.Errorf("report %q", line)
		}
	}
	got = nil
	uvtest.Check(t, w.Stop()) // the kernel has removed the watch
	uvtest.IsErr(t, "start on nothing", w.Start(dir, 0, got.report(t)), fs.ErrNotExist)
	uvtest.Check(t, os.Mkdir(dir, 0o755))
	uvtest.Check(t, w.Start(dir, 0, got.report(t)))
	touch(t, dir, "a")
	got.want(t, l, "a rename")
	uvtest.CloseAll(t, w)
}

func TestFSEventOfAFileThatIsReplaced(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	path, next := filepath.Join(dir, "file"), filepath.Join(dir, "next")
	touch(t, path)
	touch(t, next)
	var file, all seen
	w, d := uvtest.Must(l.NewFSEvent()), uvtest.Must(l.NewFSEvent())
	uvtest.Check(t, w.Start(path, 0, file.report(t)))
	uvtest.Check(t, d.Start(dir, 0, all.report(t)))
	uvtest.Check(t, os.Rename(next, path))
	looptest.Until(t, l, func() bool { return len(file) > 0 && slices.Contains(all, "file rename") })
	looptest.Turn(t, l, 1)
	file, all = nil, nil
	uvtest.Check(t, os.Chmod(path, 0o400))
	all.want(t, l, "file change") // the directory's watch sees the new file,
	if len(file) != 0 {
		t.Errorf("the watch of the old file reports %q", file)
	}
	uvtest.Check(t, w.Stop())
	uvtest.Check(t, w.Start(path, 0, file.report(t))) // and so does a new one
	uvtest.Check(t, os.Chmod(path, 0o600))
	file.want(t, l, "file change")
	uvtest.CloseAll(t, w, d)
}

func TestFSEventManyOnOneLoop(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	const files, handlesEach = 100, 3
	got := make(map[string]int)
	var ws []*handles.FSEvent
	for i := range files {
		name := fmt.Sprint("file", i)
		touch(t, dir, name)
		for range handlesEach {
			w := uvtest.Must(l.NewFSEvent())
			uvtest.Check(t, w.Start(filepath.Join(dir, name), 0, func(n string, kind handles.FSEventKind, err error) {
				uvtest.Check(t, err)
				if n != name || kind != handles.FSEventChange {
					t.Errorf("%s got a report of %s %v", name, n, kind)
				}
				got[name]++
			}))
			ws = append(ws, w)
		}
	}
	total := 0
	for i := range files {
		uvtest.Check(t, os.Chmod(filepath.Join(dir, fmt.Sprint("file", i)), 0o400))
	}
	looptest.Until(t, l, func() bool {
		total = 0
		for _, n := range got {
			total += n
		}
		return total >= files*handlesEach
	})
	looptest.Turn(t, l, 1)
	for name, n := range got {
		if n != handlesEach {
			t.Errorf("%s was reported %d times, want %d", name, n, handlesEach)
		}
	}
	for _, w := range ws {
		uvtest.CloseAll(t, w)
	}
}

// unreadable makes the file at path one that the calling thread may not read,
// root or not, until the test ends.
func unreadable(t *testing.T, path string) {
	t.Helper()
	uvtest.Check(t, os.Chmod(path, 0))
	if os.Getuid() != 0 {
		return
	}
	lockThread(t)
	if _, err := unix.SetfsuidRetUid(65534); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.SetfsuidRetUid(0) })
}

func TestFSEventErrors(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	w := uvtest.Must(l.NewFSEvent())
	nothing := func(string, handles.FSEventKind, error) { t.Error("reported") }
	uvtest.IsErr(t, "nil function", w.Start(dir, 0, nil), uv.EINVAL)
	uvtest.IsErr(t, "NUL byte", w.Start(dir+"\x00", 0, nothing), uv.EINVAL)
	uvtest.IsErr(t, "unknown flag", w.Start(dir, 8, nothing), uv.EINVAL)
	uvtest.IsErr(t, "negative flag", w.Start(dir, -1, nothing), uv.EINVAL)
	uvtest.IsErr(t, "recursive", w.Start(dir, handles.FSEventRecursive, nothing), errors.ErrUnsupported)
	uvtest.IsErr(t, "the entry alone", w.Start(dir, handles.FSEventWatchEntry, nothing), errors.ErrUnsupported)
	uvtest.IsErr(t, "no such file", w.Start(dir+"/none", 0, nothing), fs.ErrNotExist)
	uvtest.IsErr(t, "empty path", w.Start("", 0, nothing), fs.ErrNotExist)
	uvtest.IsErr(t, "file as a directory", w.Start("/dev/null/x", 0, nothing), unix.ENOTDIR)
	if w.Active() || l.Alive() {
		t.Error("a failed start leaves the handle active")
	}
	uvtest.Check(t, w.Start(dir, 0, nothing))
	uvtest.IsErr(t, "second start", w.Start(dir, 0, nothing), uv.EINVAL)
	uvtest.Check(t, w.Stop())
	secret := filepath.Join(dir, "secret")
	touch(t, secret)
	unreadable(t, secret)
	uvtest.IsErr(t, "unreadable file", w.Start(secret, 0, nothing), fs.ErrPermission)
	uvtest.CloseAll(t, w)
	uvtest.IsErr(t, "start of a closed handle", w.Start(dir, 0, nothing), uv.ErrClosed)
	uvtest.IsErr(t, "stop of a closed handle", w.Stop(), uv.ErrClosed)
	_, err := w.Path()
	uvtest.IsErr(t, "path of a closed handle", err, uv.ErrClosed)
	_, err = handles.NewFSEvent(nil)
	uvtest.IsErr(t, "no loop", err, uv.EINVAL)
}
