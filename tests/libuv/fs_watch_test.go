package libuv

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"fs_event_stop_in_cb":              kit.PerLoop(testFSEventStopInCallback),
		"fs_event_close_in_callback":       kit.PerLoop(testFSEventCloseInCallback),
		"fs_event_no_callback_after_close": kit.PerLoop(testFSEventNoCallbackAfterClose),
		"fs_poll_close_request":            kit.PerLoop(testFSPollCloseRequest),
		"fs_event_ref":                     kit.PerLoop(testFSEventRef),
	})
}

// makeFiles makes n files in a directory and returns their names.
func makeFiles(t *testing.T, dir string, n int) []string {
	t.Helper()
	var names []string
	for i := range n {
		names = append(names, fmt.Sprint("file", i))
		uvtest.Check(t, os.WriteFile(filepath.Join(dir, names[i]), nil, 0o600))
	}
	return names
}

// testFSEventStopInCallback: one turn brings many changes, of which the first
// callback refuses the rest.
func testFSEventStopInCallback(t *testing.T, l *uvgo.Loop) {
	dir := t.TempDir()
	ran := uvtest.NewCounter(t, "callback", 1)
	h := uvtest.Must(l.NewFSEvent())
	uvtest.Check(t, h.Start(dir, 0, func(string, handles.FSEventKind, error) {
		ran.Inc()
		uvtest.Check(t, h.Stop())
	}))
	makeFiles(t, dir, 10)
	looptest.Run(t, l)
	makeFiles(t, dir, 20) // nobody watches any more
	if h.Active() || looptest.TurnOnce(t, l) {
		t.Error("a stopped watch keeps the loop alive")
	}
	kit.CloseAndRun(t, l, h)
}

// testFSEventCloseInCallback: five files are made, and the third report closes.
func testFSEventCloseInCallback(t *testing.T, l *uvgo.Loop) {
	dir := t.TempDir()
	ran := uvtest.NewCounter(t, "callback", 3)
	closed := uvtest.NewCounter(t, "close callback", 1)
	h := uvtest.Must(l.NewFSEvent())
	h.OnClose(closed.Inc)
	uvtest.Check(t, h.Start(dir, 0, func(_ string, kind handles.FSEventKind, err error) {
		uvtest.Check(t, err)
		if kind != handles.FSEventRename {
			t.Errorf("kind %v", kind)
		}
		if ran.Inc(); ran.N() == 3 {
			uvtest.Check(t, h.Close())
		}
	}))
	makeFiles(t, dir, 5)
	looptest.Run(t, l)
}

// testFSEventNoCallbackAfterClose: the change comes after Close, and also
// before it in a turn that nobody has seen.
func testFSEventNoCallbackAfterClose(t *testing.T, l *uvgo.Loop) {
	dir := t.TempDir()
	file := filepath.Join(dir, makeFiles(t, dir, 1)[0])
	ran := uvtest.NewCounter(t, "callback", 0)
	h := uvtest.Must(l.NewFSEvent())
	uvtest.Check(t, h.Start(file, 0, func(string, handles.FSEventKind, error) { ran.Inc() }))
	uvtest.Check(t, os.Chmod(file, 0o400))
	uvtest.Check(t, h.Close())
	uvtest.Check(t, os.Chmod(file, 0o600))
	closed := uvtest.NewCounter(t, "close callback", 1)
	h.OnClose(closed.Inc)
	looptest.Run(t, l)
}

// testFSPollCloseRequest closes with the first look under way.
func testFSPollCloseRequest(t *testing.T, l *uvgo.Loop) {
	ran := uvtest.NewCounter(t, "callback", 0)
	h := uvtest.Must(l.NewFSPoll())
	uvtest.Check(t, h.Start(filepath.Join(t.TempDir(), "none"), 100*time.Millisecond, func(uv.Stat, uv.Stat, error) { ran.Inc() }))
	closed := false
	h.OnClose(func() { closed = true })
	uvtest.Check(t, h.Close())
	for !closed {
		looptest.TurnOnce(t, l)
	}
}

func testFSEventRef(t *testing.T, l *uvgo.Loop) {
	ran := uvtest.NewCounter(t, "callback", 0)
	h := uvtest.Must(l.NewFSEvent())
	uvtest.Check(t, h.Start(t.TempDir(), 0, func(string, handles.FSEventKind, error) { ran.Inc() }))
	doesNotHold(t, l, h, ran)
}
