package uv

import (
	"io/fs"
	"syscall"
	"testing"
)

func TestFileModeMatchesTheSystem(t *testing.T) {
	for sys, want := range map[uint32]fs.FileMode{
		syscall.S_IFREG | 0o640:                   0o640,
		syscall.S_IFDIR | syscall.S_ISVTX | 0o777: fs.ModeDir | fs.ModeSticky | 0o777,
		syscall.S_IFLNK | 0o777:                   fs.ModeSymlink | 0o777,
		syscall.S_IFIFO:                           fs.ModeNamedPipe,
		syscall.S_IFSOCK:                          fs.ModeSocket,
		syscall.S_IFBLK:                           fs.ModeDevice,
		syscall.S_IFCHR | 0o600:                   fs.ModeDevice | fs.ModeCharDevice | 0o600,
		syscall.S_IFREG | syscall.S_ISUID | 0o755: fs.ModeSetuid | 0o755,
		syscall.S_IFREG | syscall.S_ISGID | 0o755: fs.ModeSetgid | 0o755,
	} {
		if got := FileMode(sys); got != want {
			t.Errorf("FileMode(%#o) = %v, want %v", sys, got, want)
		}
		if sys&syscall.S_IFMT == syscall.S_IFREG {
			if got := PermBits(want); got != sys&^syscall.S_IFMT {
				t.Errorf("PermBits(%v) = %#o, want %#o", want, got, sys&^syscall.S_IFMT)
			}
		}
	}
	if got := PermBits(fs.ModeDir | fs.ModeSticky | 0o700); got != syscall.S_ISVTX|0o700 {
		t.Errorf("PermBits keeps %#o of a sticky directory", got)
	}
}
