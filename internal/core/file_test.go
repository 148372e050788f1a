package core

import (
	"io/fs"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

func TestStatAsFileInfo(t *testing.T) {
	s := NewStat(&cuv.Stat{Mode: syscall.S_IFDIR | 0o755, Size: 12, Mtim: cuv.Timespec{Sec: 5, Nsec: 7}})
	i := s.Info("d")
	if i.Name() != "d" || !i.IsDir() || i.Size() != 12 || i.Mode() != fs.ModeDir|0o755 || !i.ModTime().Equal(time.Unix(5, 7)) {
		t.Errorf("info %v", i)
	}
	if sys, ok := i.Sys().(*uv.Stat); !ok || *sys != s {
		t.Errorf("Sys is %#v", i.Sys())
	}
}
