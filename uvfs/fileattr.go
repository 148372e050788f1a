package uvfs

import (
	"io/fs"
	"path/filepath"
	"time"

	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// run does an operation on the descriptor.
func (f *File) run(op string, start func(l uv.Loop, fd uintptr, fn func(error)) (requests.FS, error)) error {
	err := f.hold()
	if err == nil {
		err = do(f.ctx, f.fs, op, f.release, func(l uv.Loop, fn func(error)) (requests.FS, error) { return start(l, f.fd, fn) })
	}
	return wrap(op, f.Name(), err)
}

// Stat describes the file; the result's Sys is a *uv.Stat. C function uv_fs_fstat.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_fstat
func (f *File) Stat() (fs.FileInfo, error) {
	if err := f.hold(); err != nil {
		return nil, wrap("stat", f.Name(), err)
	}
	st, err := wait(f.ctx, f.fs, "stat", f.release, nil, func(l uv.Loop, fn func(uv.Stat, error)) (requests.FS, error) {
		return requests.FSFstat(l, f.fd, fn)
	})
	if err != nil {
		return nil, wrap("stat", f.name, err)
	}
	return st.Info(filepath.Base(f.name)), nil
}

// Sync writes content and metadata to the disk. C function uv_fs_fsync.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_fsync
func (f *File) Sync() error { return f.run("sync", requests.FSFsync) }

// Datasync is Sync without metadata that reading does not need. Package os has no such
// method. C function uv_fs_fdatasync.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_fdatasync
func (f *File) Datasync() error { return f.run("datasync", requests.FSFdatasync) }

// Truncate sets the file's size in bytes. C function uv_fs_ftruncate.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_ftruncate
func (f *File) Truncate(size int64) error {
	return f.run("truncate", func(l uv.Loop, fd uintptr, fn func(error)) (requests.FS, error) {
		return requests.FSFtruncate(l, fd, size, fn)
	})
}

// Chmod sets the file's permissions, setuid, setgid and sticky bits. C function
// uv_fs_fchmod.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_fchmod
func (f *File) Chmod(mode fs.FileMode) error {
	return f.run("chmod", func(l uv.Loop, fd uintptr, fn func(error)) (requests.FS, error) {
		return requests.FSFchmod(l, fd, mode, fn)
	})
}

// Chown sets the file's owner and group; -1 leaves one as it is. C function uv_fs_fchown.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_fchown
func (f *File) Chown(uid, gid int) error {
	return f.run("chown", func(l uv.Loop, fd uintptr, fn func(error)) (requests.FS, error) {
		return requests.FSFchown(l, fd, uid, gid, fn)
	})
}

// Chtimes sets the file's times as [FS.Chtimes] does. The Files of package os have no such
// method. C function uv_fs_futime.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_futime
func (f *File) Chtimes(atime, mtime time.Time) error {
	return f.run("chtimes", func(l uv.Loop, fd uintptr, fn func(error)) (requests.FS, error) {
		return requests.FSFutime(l, fd, atime, mtime, fn)
	})
}
