package cuv

// A Stat mirrors uv_stat_t.
type Stat struct {
	Dev, Mode, Nlink, UID, GID, Rdev, Ino, Size, Blksize, Blocks, Flags, Gen uint64

	Atim, Mtim, Ctim, Birthtim Timespec
}

// A Timespec mirrors uv_timespec_t.
type Timespec struct{ Sec, Nsec int }

// A Statfs mirrors uv_statfs_t.
type Statfs struct {
	Type, Bsize, Blocks, Bfree, Bavail, Files, Ffree uint64

	_ [4]uint64
}
