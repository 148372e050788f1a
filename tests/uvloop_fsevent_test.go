package tests

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() {
	uvloopTests.add(suite{"change_rename": onEachLoop(testChangeRename)})
}

// testChangeRename changes a file, renames it, and cancels the watch, after
// which nothing more is reported.
func testChangeRename(t *testing.T, l *uvgo.Loop) {
	dir := t.TempDir()
	file, renamed := filepath.Join(dir, "file"), filepath.Join(dir, "renamed")
	check(t, os.WriteFile(file, nil, 0o600))
	ran := uvtest.NewCounter(t, "callback", 3)
	h := must(l.NewFSEvent())
	var j journal
	check(t, h.Start(dir, 0, func(name string, kind handles.FSEventKind, err error) {
		check(t, err)
		ran.Inc()
		j.add(kind.String() + " " + name)
		switch ran.N() {
		case 1:
			check(t, os.Rename(file, renamed))
		case 3:
			check(t, h.Stop())
			check(t, os.Chmod(renamed, 0o400))
		}
	}))
	check(t, os.Chmod(file, 0o400))
	looptest.Run(t, l)
	j.want(t, "change file", "rename file", "rename renamed")
	closeAndRun(t, l, h)
}
