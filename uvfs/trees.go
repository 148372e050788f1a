package uvfs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/uvgo/uvgo/internal/await"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// MkdirAll makes a directory and those above it that are missing; a directory that
// exists is left as it is. ENOTDIR if path names something else. C function uv_fs_mkdir.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_mkdir
func (f *FS) MkdirAll(ctx context.Context, path string, perm fs.FileMode) error {
	if st, err := f.Stat(ctx, path); err == nil {
		if st.IsDir() {
			return nil
		}
		return wrap("mkdir", path, uv.ENOTDIR)
	} else if ended(ctx) {
		return err
	}
	if i := strings.LastIndexByte(strings.TrimRight(path, "/"), '/'); i > 0 {
		if err := f.MkdirAll(ctx, path[:i], perm); err != nil {
			return err
		}
	}
	err := f.Mkdir(ctx, path, perm)
	if err == nil {
		return nil
	}
	if st, serr := f.Lstat(ctx, path); serr == nil && st.IsDir() { // another process was faster, or path ends in /.
		return nil
	}
	return err
}

// RemoveAll removes a file, or a directory with all that it holds, as [os.RemoveAll] does;
// a path that does not exist is no error.
//
// It is os.RemoveAll, on a goroutine of [requests.StartWork]. libuv has no operations
// relative to a directory's descriptor, and without them a symbolic link that another
// process puts in the place of a directory would be followed. A removal that waits its turn
// is cancelled with ctx. One that has begun goes on by itself when ctx ends. No libuv
// counterpart.
func (f *FS) RemoveAll(ctx context.Context, path string) error {
	var l uv.Loop // none for a nil FS: EINVAL
	if f != nil {
		l = f.loop
	}
	_, err := await.Do(ctx, l, "RemoveAll", nil, nil, func(fn func(struct{}, error)) (*requests.Work, error) {
		return requests.StartWork(l, func() error { return os.RemoveAll(path) }, func(err error) { fn(struct{}{}, err) })
	})
	var p *fs.PathError
	if errors.As(err, &p) {
		return err // of package os
	}
	return wrap("RemoveAll", path, err)
}

// CopyFS copies all files of fsys into a directory, which is made if need be. A file that
// exists there is an error, fs.ErrExist; so is one that is neither regular, a directory nor a
// symbolic link, fs.ErrInvalid. Permissions are those of new files, and execution where fsys
// has it. C functions uv_fs_open, uv_fs_write, uv_fs_mkdir and uv_fs_symlink.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_open
func (f *FS) CopyFS(ctx context.Context, dir string, fsys fs.FS) error {
	if fsys == nil {
		return wrap("CopyFS", dir, uv.EINVAL)
	}
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		local, err := filepath.Localize(name)
		if err != nil {
			return err
		}
		to := join(dir, local)
		switch d.Type() {
		case fs.ModeDir:
			return f.MkdirAll(ctx, to, 0o777)
		case fs.ModeSymlink:
			target, err := fs.ReadLink(fsys, name)
			if err != nil {
				return err
			}
			return f.Symlink(ctx, target, to)
		case 0:
			return f.copyIn(ctx, to, fsys, name)
		}
		return &fs.PathError{Op: "CopyFS", Path: name, Err: fs.ErrInvalid}
	})
}

// copyIn copies one regular file of fsys.
func (f *FS) copyIn(ctx context.Context, to string, fsys fs.FS, name string) error {
	src, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer src.Close()
	st, err := src.Stat()
	if err != nil {
		return err
	}
	dst, err := f.OpenFile(ctx, to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666|st.Mode()&0o777)
	if err != nil {
		return err
	}
	if _, err = io.Copy(dst.With(ctx), src); err != nil {
		err = &fs.PathError{Op: "Copy", Path: to, Err: err}
	}
	if cerr := dst.Close(); err == nil {
		err = cerr
	}
	return err
}
