package uvfs

import (
	"context"
	"time"

	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// What libuv has beyond package os, under libuv's names. Lchtimes is to Chtimes as
// Lchown is to Chown.

// Statfs describes the file system that a path lies on. Package os has no such
// function. C function uv_fs_statfs.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_statfs
func (f *FS) Statfs(ctx context.Context, path string) (uv.Statfs, error) {
	st, err := wait(ctx, f, "statfs", nil, nil, func(l uv.Loop, fn func(uv.Statfs, error)) (requests.FS, error) {
		return requests.FSStatfs(l, path, fn)
	})
	return st, wrap("statfs", path, err)
}

// Realpath makes a path absolute and free of symbolic links, as
// [path/filepath.EvalSymlinks] and Abs do together. C function uv_fs_realpath.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_realpath
func (f *FS) Realpath(ctx context.Context, path string) (string, error) {
	s, err := wait(ctx, f, "realpath", nil, nil, func(l uv.Loop, fn func(string, error)) (requests.FS, error) {
		return requests.FSRealpath(l, path, fn)
	})
	return s, wrap("realpath", path, err)
}

// Access asks whether the process has permissions for a file: EACCES if it has not.
// Package os has no such function. C function uv_fs_access.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_access
func (f *FS) Access(ctx context.Context, path string, mode requests.AccessMode) error {
	return f.onPath(ctx, "access", path, func(l uv.Loop, fn func(error)) (requests.FS, error) {
		return requests.FSAccess(l, path, mode, fn)
	})
}

// Lchtimes is Chtimes of a symbolic link itself. Package os has no such function. C
// function uv_fs_lutime.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_lutime
func (f *FS) Lchtimes(ctx context.Context, path string, atime, mtime time.Time) error {
	return f.onPath(ctx, "lchtimes", path, func(l uv.Loop, fn func(error)) (requests.FS, error) {
		return requests.FSLutime(l, path, atime, mtime, fn)
	})
}

// Copyfile copies a file's content, permissions and times. Package os has no such
// function. The copy is one operation: a context that ends while it runs does not stop
// it. C function uv_fs_copyfile.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_copyfile
func (f *FS) Copyfile(ctx context.Context, path, newPath string, flags requests.CopyFlag) error {
	return f.onPaths(ctx, "copyfile", path, newPath, func(l uv.Loop, fn func(error)) (requests.FS, error) {
		return requests.FSCopyfile(l, path, newPath, flags, fn)
	})
}
