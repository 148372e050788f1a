package alloc

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

func allocFSStat(t *testing.T, l *uvgo.Loop) {
	path, done := t.TempDir(), false
	fn := func(st uv.Stat, err error) {
		if done = true; err != nil || !st.IsDir() {
			t.Errorf("stat: %v, %v", st.Mode, err)
		}
	}
	steady(t, func() {
		done = false
		if _, err := requests.FSStat(l, path, fn); err != nil {
			t.Fatal(err)
		}
		for !done {
			looptest.TurnOnce(t, l)
		}
	})
}

func allocFSReadWrite(t *testing.T, l *uvgo.Loop) {
	f := uvtest.Must(os.Create(filepath.Join(t.TempDir(), "file")))
	defer f.Close()
	fd, buf, more, left := f.Fd(), make([]byte, 8192), make([]byte, 100), 0
	fn := func(n int, err error) {
		if left--; err != nil || n != len(buf)+len(more) {
			t.Errorf("%d bytes, %v", n, err)
		}
	}
	wait := func() {
		for left > 0 {
			looptest.TurnOnce(t, l)
		}
	}
	steady(t, func() {
		left++
		if _, err := requests.FSWrite(l, fd, 0, fn, buf, more); err != nil {
			t.Fatal(err)
		}
		wait()
		left++
		if _, err := requests.FSRead(l, fd, 0, fn, buf, more); err != nil {
			t.Fatal(err)
		}
		wait()
	})
}
