package handles_test

import (
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// A look is what an FSPoll told.
type look struct {
	prev, cur uv.Stat
	err       error
}

// looks is a callback that records, and what it recorded.
type looks []look

func (s *looks) add(prev, cur uv.Stat, err error) { *s = append(*s, look{prev, cur, err}) }

// next runs the loop until the callback has run once more.
func (s *looks) next(t testing.TB, l *uvgo.Loop) look {
	t.Helper()
	looptest.Until(t, l, func() bool { return len(*s) > 0 })
	got := (*s)[0]
	*s = (*s)[1:]
	return got
}

func TestFSPollReportsChanges(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		path := filepath.Join(t.TempDir(), "file")
		var got looks
		p := uvtest.Must(l.NewFSPoll())
		uvtest.Check(t, p.Start(path, time.Millisecond, got.add))
		if name := uvtest.Must(p.Path()); name != path || !p.Active() {
			t.Errorf("path %q, active %t", name, p.Active())
		}

		g := got.next(t, l) // it is not there
		uvtest.IsErr(t, "no file", g.err, fs.ErrNotExist)
		if g.prev != (uv.Stat{}) || g.cur != (uv.Stat{}) {
			t.Errorf("no file: %+v", g)
		}

		uvtest.Check(t, os.WriteFile(path, nil, 0o640)) // grows below: it may be seen before
		g = got.next(t, l)
		if uvtest.Check(t, g.err); g.prev != (uv.Stat{}) || g.cur.Size != 0 || g.cur.Mode != 0o640 || g.cur.ModTime.IsZero() {
			t.Errorf("created: %+v", g)
		}
		created := g.cur

		f := uvtest.Must(os.OpenFile(path, os.O_WRONLY, 0))
		uvtest.Must(f.WriteString("hello"))
		uvtest.Check(t, f.Close())
		g = got.next(t, l)
		if uvtest.Check(t, g.err); g.prev != created || g.cur.Size != 5 || g.cur.Ino != created.Ino {
			t.Errorf("written: %+v", g)
		}
		written := g.cur

		uvtest.Check(t, os.Remove(path))
		g = got.next(t, l)
		uvtest.IsErr(t, "removed", g.err, fs.ErrNotExist)
		if g.prev != written || g.cur != (uv.Stat{}) {
			t.Errorf("removed: %+v", g)
		}
		uvtest.CloseAll(t, p)
		if len(got) != 0 {
			t.Errorf("further reports: %+v", got)
		}
	})
}

func TestFSPollStartsAgainWhileALookIsUnderWay(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	touch(t, path)
	p := uvtest.Must(l.NewFSPoll())
	var old, got looks
	for range 50 {
		uvtest.Check(t, p.Start(filepath.Join(dir, "none"), time.Millisecond, old.add))
		uvtest.Check(t, p.Stop())
		if p.Active() {
			t.Error("active after Stop")
		}
	}
	p.Unref()
	uvtest.Check(t, p.Start(path, time.Millisecond, got.add))
	if p.HasRef() || !p.Active() {
		t.Errorf("referenced %t, active %t; want false, true", p.HasRef(), p.Active())
	}
	looptest.Run(t, l) // nothing holds the loop but the looks that were under way
	p.Ref()
	size := int64(0)
	looptest.Until(t, l, func() bool { // once the first look has been
		size++
		uvtest.Check(t, os.Truncate(path, size))
		return len(got) > 0
	})
	if g := got[0]; g.err != nil || g.cur.Size <= g.prev.Size || g.cur.Size >= size {
		t.Errorf("report %+v", g)
	}
	if len(old) != 0 {
		t.Errorf("reports of what was stopped: %+v", old)
	}
	if n := l.Handles(); n != 1 {
		t.Errorf("%d handles, want 1", n)
	}
	uvtest.CloseAll(t, p)
}

func TestFSPollStopAndCloseInItsCallback(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		none := filepath.Join(t.TempDir(), "none")
		n, closed := 0, 0
		p := uvtest.Must(l.NewFSPoll())
		p.OnClose(func() { closed++ })
		uvtest.Check(t, p.Start(none, time.Millisecond, func(_, _ uv.Stat, err error) {
			n++
			uvtest.Check(t, p.Stop())
			uvtest.Check(t, p.Start(none, time.Millisecond, func(_, _ uv.Stat, err error) {
				n++
				uvtest.Check(t, p.Close())
			}))
		}))
		looptest.Run(t, l)
		if n != 2 || closed != 1 {
			t.Errorf("%d reports, %d close callbacks; want 2, 1", n, closed)
		}
	})
}

func TestFSPollCloseWithLooksUnderWay(t *testing.T) {
	l := looptest.New(t)
	none := filepath.Join(t.TempDir(), "none")
	const n = 200 // more than the pool has threads
	closed := 0
	for range n {
		p := uvtest.Must(l.NewFSPoll())
		p.OnClose(func() { closed++ })
		uvtest.Check(t, p.Start(none, time.Millisecond, func(uv.Stat, uv.Stat, error) { t.Error("reported after Close") }))
		uvtest.CloseAll(t, p)
	}
	if uvtest.IsErr(t, "close of the loop", l.Close(), uv.EBUSY); closed != 0 {
		t.Error("closed too early")
	}
	if looptest.Run(t, l); closed != n {
		t.Errorf("%d close callbacks, want %d", closed, n)
	}
}

func TestFSPollManyOnOneLoop(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	const n = 100
	left := n
	for i := range n {
		p := uvtest.Must(l.NewFSPoll())
		uvtest.Check(t, p.Start(filepath.Join(dir, string(rune('a'+i%26)), "none"), time.Millisecond, func(_, _ uv.Stat, err error) {
			uvtest.IsErr(t, "report", err, fs.ErrNotExist)
			left--
			uvtest.Check(t, p.Close())
		}))
	}
	if looptest.Run(t, l); left != 0 {
		t.Errorf("%d did not report", left)
	}
}

func TestFSPollErrors(t *testing.T) {
	l := looptest.New(t)
	path := filepath.Join(t.TempDir(), "file")
	p := uvtest.Must(l.NewFSPoll())
	nothing := func(uv.Stat, uv.Stat, error) { t.Error("reported") }
	uvtest.IsErr(t, "nil function", p.Start(path, time.Second, nil), uv.EINVAL)
	uvtest.IsErr(t, "NUL byte", p.Start("a\x00b", time.Second, nothing), uv.EINVAL)
	uvtest.IsErr(t, "no interval", p.Start(path, 0, nothing), uv.EINVAL)
	uvtest.IsErr(t, "negative interval", p.Start(path, -time.Second, nothing), uv.EINVAL)
	uvtest.IsErr(t, "endless interval", p.Start(path, math.MaxInt64, nothing), uv.EINVAL)
	_, err := p.Path()
	uvtest.IsErr(t, "path of an inactive handle", err, uv.EINVAL)
	uvtest.Check(t, p.Stop())
	uvtest.Check(t, p.Start(path, time.Hour, nothing))
	uvtest.IsErr(t, "second start", p.Start(path, time.Hour, nothing), uv.EINVAL)
	uvtest.CloseAll(t, p)
	uvtest.IsErr(t, "start of a closed handle", p.Start(path, time.Second, nothing), uv.ErrClosed)
	uvtest.IsErr(t, "stop of a closed handle", p.Stop(), uv.ErrClosed)
	_, err = p.Path()
	uvtest.IsErr(t, "path of a closed handle", err, uv.ErrClosed)
	_, err = handles.NewFSPoll(nil)
	uvtest.IsErr(t, "no loop", err, uv.EINVAL)

	var got looks
	p = uvtest.Must(l.NewFSPoll())
	long := path
	for len(long) < 8000 {
		long += "/xxxxxxxxxxxxxxxxxxxxxxxx"
	}
	uvtest.Check(t, p.Start(long, time.Microsecond, got.add)) // counts as a millisecond
	if name := uvtest.Must(p.Path()); name != long {
		t.Errorf("path of %d bytes, want %d", len(name), len(long))
	}
	uvtest.IsErr(t, "long path", got.next(t, l).err, uv.ENAMETOOLONG)
	uvtest.CloseAll(t, p)
}
