package uvfs

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

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
	} else if ctx.Err() != nil {
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

// RemoveAll removes a file, or a directory with all that it holds; a path that does not
// exist is no error. It removes what it can, and returns the first error. EINVAL for a
// path that ends in a dot.
//
// libuv has no operations relative to a directory's descriptor, which os.RemoveAll uses:
// this one follows a symbolic link that another process puts in the place of a directory
// meanwhile, so it is not for directories in which others may write. A context that ends
// leaves the rest. C functions uv_fs_unlink, uv_fs_rmdir and uv_fs_scandir.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_rmdir
func (f *FS) RemoveAll(ctx context.Context, path string) error {
	if f == nil || f.core == nil {
		return wrap("RemoveAll", path, uv.EINVAL)
	}
	if path == "" {
		return nil // as package os has it
	}
	if path == "." || strings.HasSuffix(path, "/.") {
		return &fs.PathError{Op: "RemoveAll", Path: path, Err: uv.EINVAL}
	}
	err := f.Remove(ctx, path)
	if err == nil || missing(err) {
		return nil
	}
	st, serr := f.Lstat(ctx, path)
	switch {
	case missing(serr):
		return nil
	case serr != nil, !st.IsDir():
		return err
	}
	for { // again, if entries were made meanwhile
		removed, err := f.removeEntries(ctx, path)
		if ctx.Err() != nil {
			return err
		}
		rerr := f.Remove(ctx, path)
		if rerr == nil || missing(rerr) {
			return nil
		}
		if err != nil {
			return err
		}
		if removed == 0 {
			return rerr
		}
	}
}

// removeEntries removes all that a directory holds. It returns how many entries it
// removed and the first error.
func (f *FS) removeEntries(ctx context.Context, dir string) (removed int, first error) {
	found, err := f.ReadDir(ctx, dir)
	if err != nil && !missing(err) {
		return 0, err
	}
	for _, e := range found {
		err := f.RemoveAll(ctx, filepath.Join(dir, e.Name()))
		if err == nil {
			removed++
		} else if first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return removed, first
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
		to := filepath.Join(dir, local)
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
