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
	until(t, l, func() bool { return len(*s) > 0 })
	got := (*s)[0]
	*s = (*s)[1:]
	return got
}

func TestFSPollReportsChanges(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		path := filepath.Join(t.TempDir(), "file")
		var got looks
		p := must(l.NewFSPoll())
		check(t, p.Start(path, time.Millisecond, got.add))
		if name := must(p.Path()); name != path || !p.Active() {
			t.Errorf("path %q, active %t", name, p.Active())
		}

		g := got.next(t, l) // it is not there
		isErr(t, "no file", g.err, fs.ErrNotExist)
		if g.prev != (uv.Stat{}) || g.cur != (uv.Stat{}) {
			t.Errorf("no file: %+v", g)
		}

		check(t, os.WriteFile(path, nil, 0o640)) // grows below: it may be seen before
		g = got.next(t, l)
		if check(t, g.err); g.prev != (uv.Stat{}) || g.cur.Size != 0 || g.cur.Mode != 0o640 || g.cur.ModTime.IsZero() {
			t.Errorf("created: %+v", g)
		}
		created := g.cur

		f := must(os.OpenFile(path, os.O_WRONLY, 0))
		must(f.WriteString("hello"))
		check(t, f.Close())
		g = got.next(t, l)
		if check(t, g.err); g.prev != created || g.cur.Size != 5 || g.cur.Ino != created.Ino {
			t.Errorf("written: %+v", g)
		}
		written := g.cur

		check(t, os.Remove(path))
		g = got.next(t, l)
		isErr(t, "removed", g.err, fs.ErrNotExist)
		if g.prev != written || g.cur != (uv.Stat{}) {
			t.Errorf("removed: %+v", g)
		}
		closeAll(t, p)
		if len(got) != 0 {
			t.Errorf("further reports: %+v", got)
		}
	})
}

func TestFSPollStartsAgainWhileALookIsUnderWay(t *testing.T) {
	l := newLoop(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	touch(t, path)
	p := must(l.NewFSPoll())
	var old, got looks
	for range 50 {
		check(t, p.Start(filepath.Join(dir, "none"), time.Millisecond, old.add))
		check(t, p.Stop())
		if p.Active() {
			t.Error("active after Stop")
		}
	}
	p.Unref()
	check(t, p.Start(path, time.Millisecond, got.add))
	if p.HasRef() || !p.Active() {
		t.Errorf("referenced %t, active %t; want false, true", p.HasRef(), p.Active())
	}
	looptest.Run(t, l) // nothing holds the loop but the looks that were under way
	p.Ref()
	size := int64(0)
	until(t, l, func() bool { // once the first look has been
		size++
		check(t, os.Truncate(path, size))
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
	closeAll(t, p)
}

func TestFSPollStopAndCloseInItsCallback(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		none := filepath.Join(t.TempDir(), "none")
		n, closed := 0, 0
		p := must(l.NewFSPoll())
		p.OnClose(func() { closed++ })
		check(t, p.Start(none, time.Millisecond, func(_, _ uv.Stat, err error) {
			n++
			check(t, p.Stop())
			check(t, p.Start(none, time.Millisecond, func(_, _ uv.Stat, err error) {
				n++
				check(t, p.Close())
			}))
		}))
		looptest.Run(t, l)
		if n != 2 || closed != 1 {
			t.Errorf("%d reports, %d close callbacks; want 2, 1", n, closed)
		}
	})
}

func TestFSPollCloseWithLooksUnderWay(t *testing.T) {
	l := newLoop(t)
	none := filepath.Join(t.TempDir(), "none")
	const n = 200 // more than the pool has threads
	closed := 0
	for range n {
		p := must(l.NewFSPoll())
		p.OnClose(func() { closed++ })
		check(t, p.Start(none, time.Millisecond, func(uv.Stat, uv.Stat, error) { t.Error("reported after Close") }))
		closeAll(t, p)
	}
	if isErr(t, "close of the loop", l.Close(), uv.EBUSY); closed != 0 {
		t.Error("closed too early")
	}
	if looptest.Run(t, l); closed != n {
		t.Errorf("%d close callbacks, want %d", closed, n)
	}
}

func TestFSPollManyOnOneLoop(t *testing.T) {
	l := newLoop(t)
	dir := t.TempDir()
	const n = 100
	left := n
	for i := range n {
		p := must(l.NewFSPoll())
		check(t, p.Start(filepath.Join(dir, string(rune('a'+i%26)), "none"), time.Millisecond, func(_, _ uv.Stat, err error) {
			isErr(t, "report", err, fs.ErrNotExist)
			left--
			check(t, p.Close())
		}))
	}
	if looptest.Run(t, l); left != 0 {
		t.Errorf("%d did not report", left)
	}
}

func TestFSPollErrors(t *testing.T) {
	l := newLoop(t)
	path := filepath.Join(t.TempDir(), "file")
	p := must(l.NewFSPoll())
	nothing := func(uv.Stat, uv.Stat, error) { t.Error("reported") }
	isErr(t, "nil function", p.Start(path, time.Second, nil), uv.EINVAL)
	isErr(t, "NUL byte", p.Start("a\x00b", time.Second, nothing), uv.EINVAL)
	isErr(t, "no interval", p.Start(path, 0, nothing), uv.EINVAL)
	isErr(t, "negative interval", p.Start(path, -time.Second, nothing), uv.EINVAL)
	isErr(t, "endless interval", p.Start(path, math.MaxInt64, nothing), uv.EINVAL)
	_, err := p.Path()
	isErr(t, "path of an inactive handle", err, uv.EINVAL)
	check(t, p.Stop())
	check(t, p.Start(path, time.Hour, nothing))
	isErr(t, "second start", p.Start(path, time.Hour, nothing), uv.EINVAL)
	closeAll(t, p)
	isErr(t, "start of a closed handle", p.Start(path, time.Second, nothing), uv.ErrClosed)
	isErr(t, "stop of a closed handle", p.Stop(), uv.ErrClosed)
	_, err = p.Path()
	isErr(t, "path of a closed handle", err, uv.ErrClosed)
	_, err = handles.NewFSPoll(nil)
	isErr(t, "no loop", err, uv.EINVAL)

	var got looks
	p = must(l.NewFSPoll())
	long := path
	for len(long) < 8000 {
		long += "/xxxxxxxxxxxxxxxxxxxxxxxx"
	}
	check(t, p.Start(long, time.Microsecond, got.add)) // counts as a millisecond
	if name := must(p.Path()); name != long {
		t.Errorf("path of %d bytes, want %d", len(name), len(long))
	}
	isErr(t, "long path", got.next(t, l).err, uv.ENAMETOOLONG)
	closeAll(t, p)
}
