package uvfs

import (
	"context"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// Stat asks about a file, behind symbolic links; the result's Sys is a *uv.Stat.
// C function uv_fs_stat,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_stat.
func (f *FS) Stat(ctx context.Context, path string) (fs.FileInfo, error) {
	st, err := await(ctx, f, nil, nil, func(fn func(uv.Stat, error)) (requests.FS, error) {
		return requests.FSStat(f.loop, path, fn)
	})
	return info(st, "stat", path, err)
}

// Lstat is Stat of a symbolic link itself. C function uv_fs_lstat,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_lstat.
func (f *FS) Lstat(ctx context.Context, path string) (fs.FileInfo, error) {
	st, err := await(ctx, f, nil, nil, func(fn func(uv.Stat, error)) (requests.FS, error) {
		return requests.FSLstat(f.loop, path, fn)
	})
	return info(st, "lstat", path, err)
}

func info(st uv.Stat, op, path string, err error) (fs.FileInfo, error) {
	if err != nil {
		return nil, wrap(op, path, err)
	}
	return st.Info(filepath.Base(path)), nil
}

// Statfs asks about the file system that a path lies on. C function
// uv_fs_statfs, https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_statfs.
func (f *FS) Statfs(ctx context.Context, path string) (uv.Statfs, error) {
	st, err := await(ctx, f, nil, nil, func(fn func(uv.Statfs, error)) (requests.FS, error) {
		return requests.FSStatfs(f.loop, path, fn)
	})
	return st, wrap("statfs", path, err)
}

// Readlink reads a symbolic link. C function uv_fs_readlink,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_readlink.
func (f *FS) Readlink(ctx context.Context, path string) (string, error) {
	s, err := await(ctx, f, nil, nil, func(fn func(string, error)) (requests.FS, error) {
		return requests.FSReadlink(f.loop, path, fn)
	})
	return s, wrap("readlink", path, err)
}

// Realpath makes a path absolute and free of symbolic links. C function
// uv_fs_realpath, https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_realpath.
func (f *FS) Realpath(ctx context.Context, path string) (string, error) {
	s, err := await(ctx, f, nil, nil, func(fn func(string, error)) (requests.FS, error) {
		return requests.FSRealpath(f.loop, path, fn)
	})
	return s, wrap("realpath", path, err)
}

// Mkdtemp makes a directory from a template that ends in XXXXXX and returns its
// name. One made for a context that had ended is removed. C function
// uv_fs_mkdtemp, https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_mkdtemp.
func (f *FS) Mkdtemp(ctx context.Context, template string) (string, error) {
	remove := func(path string) { _, _ = requests.FSRmdir(f.loop, path, func(error) {}) }
	s, err := await(ctx, f, nil, remove, func(fn func(string, error)) (requests.FS, error) {
		return requests.FSMkdtemp(f.loop, template, fn)
	})
	return s, wrap("mkdtemp", template, err)
}

// Access asks whether the process may use a file, for a sum of
// requests.AccessRead and its like. C function uv_fs_access,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_access.
func (f *FS) Access(ctx context.Context, path string, mode requests.AccessMode) error {
	return wrap("access", path, do(ctx, f, nil, func(fn func(error)) (requests.FS, error) {
		return requests.FSAccess(f.loop, path, mode, fn)
	}))
}

// Unlink removes a name that is no directory. C function uv_fs_unlink,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_unlink.
func (f *FS) Unlink(ctx context.Context, path string) error {
	return wrap("unlink", path, do(ctx, f, nil, func(fn func(error)) (requests.FS, error) {
		return requests.FSUnlink(f.loop, path, fn)
	}))
}

// Rmdir removes an empty directory. C function uv_fs_rmdir,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_rmdir.
func (f *FS) Rmdir(ctx context.Context, path string) error {
	return wrap("rmdir", path, do(ctx, f, nil, func(fn func(error)) (requests.FS, error) {
		return requests.FSRmdir(f.loop, path, fn)
	}))
}

// Mkdir makes a directory. C function uv_fs_mkdir,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_mkdir.
func (f *FS) Mkdir(ctx context.Context, path string, mode fs.FileMode) error {
	return wrap("mkdir", path, do(ctx, f, nil, func(fn func(error)) (requests.FS, error) {
		return requests.FSMkdir(f.loop, path, mode, fn)
	}))
}

// Chmod sets a file's permissions. C function uv_fs_chmod,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_chmod.
func (f *FS) Chmod(ctx context.Context, path string, mode fs.FileMode) error {
	return wrap("chmod", path, do(ctx, f, nil, func(fn func(error)) (requests.FS, error) {
		return requests.FSChmod(f.loop, path, mode, fn)
	}))
}

// Chown sets a file's owner and group; -1 leaves one alone. C function
// uv_fs_chown, https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_chown.
func (f *FS) Chown(ctx context.Context, path string, uid, gid int) error {
	return wrap("chown", path, do(ctx, f, nil, func(fn func(error)) (requests.FS, error) {
		return requests.FSChown(f.loop, path, uid, gid, fn)
	}))
}

// Lchown is Chown of a symbolic link itself. C function uv_fs_lchown,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_lchown.
func (f *FS) Lchown(ctx context.Context, path string, uid, gid int) error {
	return wrap("lchown", path, do(ctx, f, nil, func(fn func(error)) (requests.FS, error) {
		return requests.FSLchown(f.loop, path, uid, gid, fn)
	}))
}

// Utime sets a file's times, to the microsecond; see [requests.FSUtime]. C
// function uv_fs_utime,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_utime.
func (f *FS) Utime(ctx context.Context, path string, atime, mtime time.Time) error {
	return wrap("utime", path, do(ctx, f, nil, func(fn func(error)) (requests.FS, error) {
		return requests.FSUtime(f.loop, path, atime, mtime, fn)
	}))
}

// Lutime is Utime of a symbolic link itself. C function uv_fs_lutime,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_lutime.
func (f *FS) Lutime(ctx context.Context, path string, atime, mtime time.Time) error {
	return wrap("lutime", path, do(ctx, f, nil, func(fn func(error)) (requests.FS, error) {
		return requests.FSLutime(f.loop, path, atime, mtime, fn)
	}))
}

// Rename renames a file, replacing what the new path names. C function
// uv_fs_rename, https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_rename.
func (f *FS) Rename(ctx context.Context, path, newPath string) error {
	return wrapLink("rename", path, newPath, do(ctx, f, nil, func(fn func(error)) (requests.FS, error) {
		return requests.FSRename(f.loop, path, newPath, fn)
	}))
}

// Link makes newPath another name of the file. C function uv_fs_link,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_link.
func (f *FS) Link(ctx context.Context, path, newPath string) error {
	return wrapLink("link", path, newPath, do(ctx, f, nil, func(fn func(error)) (requests.FS, error) {
		return requests.FSLink(f.loop, path, newPath, fn)
	}))
}

// Symlink makes newPath a symbolic link to target. C function uv_fs_symlink,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_symlink.
func (f *FS) Symlink(ctx context.Context, target, newPath string) error {
	return wrapLink("symlink", target, newPath, do(ctx, f, nil, func(fn func(error)) (requests.FS, error) {
		return requests.FSSymlink(f.loop, target, newPath, fn)
	}))
}

// Copyfile copies a file's content, permissions and times. The copy goes on in
// one piece: a context that ends during it does not stop it. C function
// uv_fs_copyfile, https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_copyfile.
func (f *FS) Copyfile(ctx context.Context, path, newPath string, flags requests.CopyFlag) error {
	return wrapLink("copyfile", path, newPath, do(ctx, f, nil, func(fn func(error)) (requests.FS, error) {
		return requests.FSCopyfile(f.loop, path, newPath, flags, fn)
	}))
}
