package uv

import (
	"io/fs"
	"syscall"
	"time"
)

// A Stat tells what the system knows about a file. C type uv_stat_t.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_stat_t
type Stat struct {
	Dev       uint64 // the device that holds the file
	Ino       uint64 // its number there
	Mode      fs.FileMode
	Nlink     uint64
	UID, GID  uint32
	Rdev      uint64 // the device that the file stands for
	Size      int64  // in bytes
	BlockSize int64  // preferred for I/O
	Blocks    int64  // 512-byte units in use
	Flags     uint64 // BSD and macOS
	Gen       uint64 // BSD and macOS

	AccessTime time.Time
	ModTime    time.Time
	ChangeTime time.Time // of the inode
	BirthTime  time.Time // ChangeTime where the system does not know it
}

// Info presents the Stat as an [fs.FileInfo] of the name, whose Sys is a *Stat.
func (s Stat) Info(name string) fs.FileInfo { return &fileInfo{name, s} }

// IsDir tells whether the file is a directory.
func (s *Stat) IsDir() bool { return s != nil && s.Mode.IsDir() }

type fileInfo struct {
	name string
	stat Stat
}

func (i *fileInfo) Name() string       { return i.name }
func (i *fileInfo) Size() int64        { return i.stat.Size }
func (i *fileInfo) Mode() fs.FileMode  { return i.stat.Mode }
func (i *fileInfo) ModTime() time.Time { return i.stat.ModTime }
func (i *fileInfo) IsDir() bool        { return i.stat.Mode.IsDir() }
func (i *fileInfo) Sys() any           { return &i.stat }
func (i *fileInfo) String() string     { return fs.FormatFileInfo(i) }

// A Statfs tells about a file system. C type uv_statfs_t.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_statfs_t
type Statfs struct {
	Type      uint64 // the system's number for the kind of file system
	BlockSize uint64 // in bytes; the unit of the next three, unless FragmentSize is another
	Blocks    uint64
	Free      uint64
	Available uint64 // to other than the superuser
	Files     uint64
	FilesFree uint64
	// FragmentSize is the real unit of Blocks, Free and Available, in bytes. On most file
	// systems it is BlockSize. 0 before libuv 1.52, which does not tell it.
	FragmentSize uint64
}

// FileTimeNow returns a time that stands for the moment in which the system sets it, by the
// clock of the file system, in the functions that set the times of files. Whoever may write to
// a file may set both of its times so, where other times are its owner's to set. These
// functions return ENOTSUP before libuv 1.51. C constant UV_FS_UTIME_NOW.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_utime
func FileTimeNow() time.Time { return fileTimeNow }

var fileTimeNow = time.Unix(1<<55, 0) // no file system's: beyond the year 1,000,000,000

// FileMode translates the system's mode bits into Go's.
func FileMode(sys uint32) fs.FileMode {
	mode := fs.FileMode(sys & 0o777)
	switch sys & syscall.S_IFMT {
	case syscall.S_IFBLK:
		mode |= fs.ModeDevice
	case syscall.S_IFCHR:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	case syscall.S_IFDIR:
		mode |= fs.ModeDir
	case syscall.S_IFIFO:
		mode |= fs.ModeNamedPipe
	case syscall.S_IFLNK:
		mode |= fs.ModeSymlink
	case syscall.S_IFSOCK:
		mode |= fs.ModeSocket
	}
	if sys&syscall.S_ISGID != 0 {
		mode |= fs.ModeSetgid
	}
	if sys&syscall.S_ISUID != 0 {
		mode |= fs.ModeSetuid
	}
	if sys&syscall.S_ISVTX != 0 {
		mode |= fs.ModeSticky
	}
	return mode
}

// PermBits translates what chmod and open take of Go's mode into the system's.
func PermBits(mode fs.FileMode) uint32 {
	sys := uint32(mode.Perm())
	if mode&fs.ModeSetuid != 0 {
		sys |= syscall.S_ISUID
	}
	if mode&fs.ModeSetgid != 0 {
		sys |= syscall.S_ISGID
	}
	if mode&fs.ModeSticky != 0 {
		sys |= syscall.S_ISVTX
	}
	return sys
}
