package handles_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// memoryDir is TempDir in memory, where the system has that: floods of files
// take their time on a disk.
func memoryDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "uvgo")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestFSEventAFloodArrivesInFull(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		dir := memoryDir(t)
		const files = 10_000
		got := make(map[string]int)
		w := uvtest.Must(l.NewFSEvent())
		uvtest.Check(t, w.Start(dir, 0, func(name string, kind handles.FSEventKind, err error) {
			uvtest.Check(t, err)
			if kind != handles.FSEventRename {
				t.Errorf("%s: %v", name, kind)
			}
			got[name]++
		}))
		for i := range files {
			touch(t, dir, fmt.Sprintf("file-with-a-name-of-some-length-%05d", i))
		}
		looptest.Turn(t, l, 1)
		if len(got) > files/2 { // others must have their turn
			t.Errorf("one turn brought %d reports", len(got))
		}
		looptest.Until(t, l, func() bool { return len(got) == files })
		looptest.Turn(t, l, 1)
		for i := range files {
			if name := fmt.Sprintf("file-with-a-name-of-some-length-%05d", i); got[name] != 1 {
				t.Fatalf("%s was reported %d times", name, got[name])
			}
		}
		uvtest.CloseAll(t, w)
	})
}

// flap renames a file to and fro, two reports each time.
func flap(t testing.TB, a, b string, times int) {
	for range times {
		uvtest.Check(t, unix.Rename(a, b))
		a, b = b, a
	}
}

func TestFSEventGoesOnAfterTheKernelLostEvents(t *testing.T) {
	var limit int
	_, err := fmt.Sscan(string(uvtest.Must(os.ReadFile("/proc/sys/fs/inotify/max_queued_events"))), &limit)
	uvtest.Check(t, err)
	if limit > 1<<17 {
		t.Skipf("the kernel keeps %d events", limit)
	}
	l := looptest.New(t)
	dir := memoryDir(t)
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	touch(t, a)
	n, last := 0, ""
	w := uvtest.Must(l.NewFSEvent())
	uvtest.Check(t, w.Start(dir, 0, func(name string, _ handles.FSEventKind, err error) {
		uvtest.Check(t, err)
		n++
		last = name
	}))
	flap(t, a, b, limit/2+100) // more than fit
	for before := -1; n > before; {
		before = n
		looptest.Turn(t, l, 1)
	}
	if n != limit {
		t.Errorf("%d reports, want the %d that the kernel kept", n, limit)
	}
	touch(t, dir, "after")
	looptest.Until(t, l, func() bool { return last == "after" })
	uvtest.CloseAll(t, w)
}

func TestFSEventMemoryOfAFloodIsGivenBack(t *testing.T) {
	const rounds = 100
	l := looptest.New(t)
	dir := memoryDir(t)
	long := make([]byte, 240)
	for i := range long {
		long[i] = 'n'
	}
	a, b := filepath.Join(dir, string(long)+"a"), filepath.Join(dir, string(long)+"b")
	touch(t, a)
	n := 0
	w := uvtest.Must(l.NewFSEvent())
	uvtest.Check(t, w.Start(dir, 0, func(string, handles.FSEventKind, error) { n++ }))
	round := func() {
		flap(t, a, b, 500) // 256 KB of names; an even number
		looptest.Turn(t, l, 1)
	}
	for range 20 {
		round()
	}
	before := lent(l)
	for range rounds {
		round()
	}
	if after := lent(l); after > before {
		t.Errorf("memory for names grew from %d to %d bytes", before, after)
	}
	if want := (20 + rounds) * 1000; n != want {
		t.Errorf("%d reports, want %d", n, want)
	}
	uvtest.CloseAll(t, w)
}

// lent is what the loop holds for the names in its events.
func lent(l *uvgo.Loop) int { return core.Of(l).Ring().Lent() }

func TestFSEventNamesOutliveAPanic(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	var got []string
	w := uvtest.Must(l.NewFSEvent())
	uvtest.Check(t, w.Start(dir, 0, func(name string, _ handles.FSEventKind, err error) {
		uvtest.Check(t, err)
		got = append(got, name)
		if name == "a" {
			panic(name)
		}
	}))
	for _, name := range []string{"a", "b", "c"} {
		touch(t, dir, name)
	}
	var p *uv.PanicError
	if _, err := l.RunOnce(); !errors.As(err, &p) {
		t.Fatalf("error %v", err)
	}
	for _, name := range []string{"d", "e", "f"} { // they must not take the place of b and c
		touch(t, dir, name)
	}
	looptest.Turn(t, l, 1)
	if want := []string{"a", "b", "c", "d", "e", "f"}; !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
	uvtest.CloseAll(t, w)
}
