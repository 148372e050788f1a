package cuv

// A Stat mirrors uv_stat_t.
type Stat struct {
	Dev, Mode, Nlink, UID, GID, Rdev, Ino, Size, Blksize, Blocks, Flags, Gen uint64

	Atim, Mtim, Ctim, Birthtim Timespec
}

// A Timespec mirrors uv_timespec_t.
type Timespec struct{ Sec, Nsec int }

// A Statfs mirrors uv_statfs_t. Frsize is something else than garbage only with a libuv from
// 1.52 on, which calls this word of the spare ones f_frsize; fs.h asserts that.
type Statfs struct {
	Type, Bsize, Blocks, Bfree, Bavail, Files, Ffree, Frsize uint64

	_ [3]uint64
}
