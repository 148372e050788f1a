package uvloop

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

func init() {
	suite.Add(kit.Suite{"change_rename": kit.PerLoop(testChangeRename)})
}

// testChangeRename changes a file, renames it, and cancels the watch, after
// which nothing more is reported.
func testChangeRename(t *testing.T, l *uvgo.Loop) {
	dir := t.TempDir()
	file, renamed := filepath.Join(dir, "file"), filepath.Join(dir, "renamed")
	uvtest.Check(t, os.WriteFile(file, nil, 0o600))
	ran := uvtest.NewCounter(t, "callback", 3)
	h := uvtest.Must(l.NewFSEvent())
	var j kit.Journal
	uvtest.Check(t, h.Start(dir, 0, func(name string, kind handles.FSEventKind, err error) {
		uvtest.Check(t, err)
		ran.Inc()
		j.Add(kind.String() + " " + name)
		switch ran.N() {
		case 1:
			uvtest.Check(t, os.Rename(file, renamed))
		case 3:
			uvtest.Check(t, h.Stop())
			uvtest.Check(t, os.Chmod(renamed, 0o400))
		}
	}))
	uvtest.Check(t, os.Chmod(file, 0o400))
	looptest.Run(t, l)
	j.Want(t, "change file", "rename file", "rename renamed")
	kit.CloseAndRun(t, l, h)
}
