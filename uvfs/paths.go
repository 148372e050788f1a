package uvfs

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// Stat describes a file, behind symbolic links; the result's Sys is a *uv.Stat.
// C function uv_fs_stat.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_stat
func (f *FS) Stat(ctx context.Context, path string) (fs.FileInfo, error) {
	st, err := wait(ctx, f, "stat", nil, nil, func(l uv.Loop, fn func(uv.Stat, error)) (requests.FS, error) {
		return requests.FSStat(l, path, fn)
	})
	return info(st, "stat", path, err)
}

// Lstat is Stat of a symbolic link itself. C function uv_fs_lstat.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_lstat
func (f *FS) Lstat(ctx context.Context, path string) (fs.FileInfo, error) {
	st, err := wait(ctx, f, "lstat", nil, nil, func(l uv.Loop, fn func(uv.Stat, error)) (requests.FS, error) {
		return requests.FSLstat(l, path, fn)
	})
	return info(st, "lstat", path, err)
}

func info(st uv.Stat, op, path string, err error) (fs.FileInfo, error) {
	if err != nil {
		return nil, wrap(op, path, err)
	}
	return st.Info(filepath.Base(path)), nil
}

// Readlink reads a symbolic link. C function uv_fs_readlink.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_readlink
func (f *FS) Readlink(ctx context.Context, path string) (string, error) {
	s, err := wait(ctx, f, "readlink", nil, nil, func(l uv.Loop, fn func(string, error)) (requests.FS, error) {
		return requests.FSReadlink(l, path, fn)
	})
	return s, wrap("readlink", path, err)
}

// Remove removes a file, a symbolic link or an empty directory. C functions
// uv_fs_unlink and uv_fs_rmdir.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_unlink
func (f *FS) Remove(ctx context.Context, path string) error {
	err := do(ctx, f, "remove", nil, func(l uv.Loop, fn func(error)) (requests.FS, error) {
		return requests.FSUnlink(l, path, fn)
	})
	if err == nil || ended(ctx) {
		return wrap("remove", path, err)
	}
	// Systems differ in the error for a directory, so rmdir has to tell.
	derr := do(ctx, f, "remove", nil, func(l uv.Loop, fn func(error)) (requests.FS, error) {
		return requests.FSRmdir(l, path, fn)
	})
	if reason(derr) != uv.ENOTDIR {
		err = derr
	}
	return wrap("remove", path, err)
}

// Mkdir makes a directory. C function uv_fs_mkdir.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_mkdir
func (f *FS) Mkdir(ctx context.Context, path string, perm fs.FileMode) error {
	return f.onPath(ctx, "mkdir", path, func(l uv.Loop, fn func(error)) (requests.FS, error) {
		return requests.FSMkdir(l, path, perm, fn)
	})
}

// Chmod sets a file's permissions, setuid, setgid and sticky bits. C function uv_fs_chmod.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_chmod
func (f *FS) Chmod(ctx context.Context, path string, mode fs.FileMode) error {
	return f.onPath(ctx, "chmod", path, func(l uv.Loop, fn func(error)) (requests.FS, error) {
		return requests.FSChmod(l, path, mode, fn)
	})
}

// Chown sets a file's owner and group; -1 leaves one as it is. C function uv_fs_chown.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_chown
func (f *FS) Chown(ctx context.Context, path string, uid, gid int) error {
	return f.onPath(ctx, "chown", path, func(l uv.Loop, fn func(error)) (requests.FS, error) {
		return requests.FSChown(l, path, uid, gid, fn)
	})
}

// Lchown is Chown of a symbolic link itself. C function uv_fs_lchown.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_lchown
func (f *FS) Lchown(ctx context.Context, path string, uid, gid int) error {
	return f.onPath(ctx, "lchown", path, func(l uv.Loop, fn func(error)) (requests.FS, error) {
		return requests.FSLchown(l, path, uid, gid, fn)
	})
}

// Chtimes sets a file's access and modification time, to the microsecond. A zero
// time leaves one as it is, and [uv.FileTimeNow] is the moment in which the system sets it:
// ENOTSUP for both before libuv 1.51. C function uv_fs_utime.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_utime
func (f *FS) Chtimes(ctx context.Context, path string, atime, mtime time.Time) error {
	return f.onPath(ctx, "chtimes", path, func(l uv.Loop, fn func(error)) (requests.FS, error) {
		return requests.FSUtime(l, path, atime, mtime, fn)
	})
}

// Truncate sets a file's size in bytes. libuv does it by descriptor only, so the file
// is opened and closed. C function uv_fs_ftruncate.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_ftruncate
func (f *FS) Truncate(ctx context.Context, path string, size int64) error {
	if size < 0 {
		return wrap("truncate", path, uv.EINVAL)
	}
	file, err := f.OpenFile(ctx, path, os.O_WRONLY|unix.O_NONBLOCK, 0) // a FIFO fails instead of blocking
	if err != nil {
		return wrap("truncate", path, err)
	}
	err = file.With(ctx).Truncate(size)
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	return wrap("truncate", path, err)
}

// Rename renames a file, replacing what newPath names, but no directory: EEXIST, as
// package os has it. C function uv_fs_rename.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_rename
func (f *FS) Rename(ctx context.Context, path, newPath string) error {
	if to, err := f.Lstat(ctx, newPath); err == nil && to.IsDir() {
		from, err := f.Lstat(ctx, path)
		if err == nil && (path == newPath || !SameFile(from, to)) { // one directory may be renamed in case only
			err = uv.EEXIST
		}
		if err != nil {
			return wrapLink("rename", path, newPath, err)
		}
	}
	return f.onPaths(ctx, "rename", path, newPath, func(l uv.Loop, fn func(error)) (requests.FS, error) {
		return requests.FSRename(l, path, newPath, fn)
	})
}

// Link makes newPath another name of the file. C function uv_fs_link.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_link
func (f *FS) Link(ctx context.Context, path, newPath string) error {
	return f.onPaths(ctx, "link", path, newPath, func(l uv.Loop, fn func(error)) (requests.FS, error) {
		return requests.FSLink(l, path, newPath, fn)
	})
}

// Symlink makes newPath a symbolic link to target. C function uv_fs_symlink.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_symlink
func (f *FS) Symlink(ctx context.Context, target, newPath string) error {
	return f.onPaths(ctx, "symlink", target, newPath, func(l uv.Loop, fn func(error)) (requests.FS, error) {
		return requests.FSSymlink(l, target, newPath, fn)
	})
}
