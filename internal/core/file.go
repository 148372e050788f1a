package core

import (
	"bytes"
	"time"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// NewStat makes a Stat of what libuv reports.
func NewStat(c *cuv.Stat) uv.Stat {
	return uv.Stat{
		Dev: c.Dev, Ino: c.Ino, Mode: uv.FileMode(uint32(c.Mode)), Nlink: c.Nlink,
		UID: uint32(c.UID), GID: uint32(c.GID), Rdev: c.Rdev,
		Size: int64(c.Size), BlockSize: int64(c.Blksize), Blocks: int64(c.Blocks),
		Flags: c.Flags, Gen: c.Gen,
		AccessTime: timeOf(c.Atim), ModTime: timeOf(c.Mtim),
		ChangeTime: timeOf(c.Ctim), BirthTime: timeOf(c.Birthtim),
	}
}

func timeOf(t cuv.Timespec) time.Time { return time.Unix(int64(t.Sec), int64(t.Nsec)) }

// NewStatfs makes a Statfs of what libuv reports.
func NewStatfs(c *cuv.Statfs) uv.Statfs {
	st := uv.Statfs{
		Type: c.Type, BlockSize: c.Bsize, Blocks: c.Blocks, Free: c.Bfree, Available: c.Bavail, Files: c.Files, FilesFree: c.Ffree,
	}
	if hasFragmentSize {
		st.FragmentSize = c.Frsize
	}
	return st
}

// hasFragmentSize tells whether libuv fills in the fragment size.
var hasFragmentSize = cuv.VersionHex() >= 0x013400

// NextDirent takes the first entry off what [cuv.FSRequest.Packed] returns.
func NextDirent(packed []byte) (e uv.Dirent, rest []byte) {
	end := bytes.IndexByte(packed[1:], 0) + 1
	return uv.Dirent{Name: string(packed[1:end]), Type: uv.DirentType(packed[0])}, packed[end+1:]
}
