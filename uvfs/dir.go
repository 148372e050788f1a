package uvfs

import (
	"context"
	"io"
	"io/fs"
	"iter"
	"slices"

	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// ReadDir lists a directory by name. An entry's Info describes the file as it
// is when Info is called. C function uv_fs_scandir.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_scandir
func (f *FS) ReadDir(ctx context.Context, path string) ([]fs.DirEntry, error) {
	found, err := wait(ctx, f, "open", nil, nil, func(l uv.Loop, fn func([]uv.Dirent, error)) (requests.FS, error) {
		return requests.FSScandir(l, path, collected(fn))
	})
	if err != nil {
		return nil, wrap("open", path, err) // where package os fails first
	}
	return f.entries(ctx, path, found)
}

// collected makes a callback that gets borrowed entries and hands copies to fn.
func collected(fn func([]uv.Dirent, error)) func(iter.Seq[uv.Dirent], error) {
	return func(entries iter.Seq[uv.Dirent], err error) { fn(slices.Collect(entries), err) }
}

// entries makes entries of what libuv found in a directory. One whose type the file
// system does not tell is asked for, and left out if it no longer exists.
func (f *FS) entries(ctx context.Context, dir string, found []uv.Dirent) ([]fs.DirEntry, error) {
	all := make([]fs.DirEntry, 0, len(found))
	for _, e := range found {
		entry := &dirEntry{f, ctx, join(dir, e.Name), e.Name, e.Type.Mode()}
		if e.Type == uv.DirentUnknown {
			st, err := f.Lstat(ctx, entry.path)
			if ended(ctx) {
				return nil, err
			}
			if err != nil {
				continue
			}
			entry.mode = st.Mode().Type()
		}
		all = append(all, entry)
	}
	return all, nil
}

// dirEntry is an fs.DirEntry whose Info asks the system.
type dirEntry struct {
	fs   *FS
	ctx  context.Context
	path string
	name string
	mode fs.FileMode
}

func (e *dirEntry) Name() string               { return e.name }
func (e *dirEntry) IsDir() bool                { return e.mode.IsDir() }
func (e *dirEntry) Type() fs.FileMode          { return e.mode }
func (e *dirEntry) Info() (fs.FileInfo, error) { return e.fs.Lstat(e.ctx, e.path) }
func (e *dirEntry) String() string             { return fs.FormatDirEntry(e) }

// ReadDir returns the directory's next n entries, or with an n that is not
// positive all that are left: io.EOF at the end for a positive n. The first call
// lists the directory, by the File's name, because libuv lists none by descriptor;
// the first one behind a Seek lists it anew. C function uv_fs_scandir.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_scandir
func (f *File) ReadDir(n int) ([]fs.DirEntry, error) {
	if err := f.hold(); err != nil {
		return nil, wrap("readdir", f.Name(), err)
	}
	defer f.release()
	f.listing.Lock()
	defer f.listing.Unlock()
	if f.rewound.Swap(false) || !f.listed {
		entries, err := f.fs.ReadDir(f.ctx, f.name)
		if err != nil {
			return nil, wrap("readdir", f.name, err)
		}
		f.entries, f.listed = entries, true
	}
	if n <= 0 || n > len(f.entries) {
		if n > 0 && len(f.entries) == 0 {
			return nil, io.EOF
		}
		n = len(f.entries)
	}
	part := f.entries[:n:n]
	f.entries = f.entries[n:]
	return part, nil
}

// Readdir is ReadDir with descriptions as of Lstat; entries that no longer exist are left
// out. C functions uv_fs_scandir and uv_fs_lstat.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_scandir
func (f *File) Readdir(n int) ([]fs.FileInfo, error) {
	entries, err := f.ReadDir(n)
	all := make([]fs.FileInfo, 0, len(entries))
	for _, e := range entries {
		st, ierr := e.Info()
		if missing(ierr) {
			continue
		}
		if ierr != nil {
			return all, ierr
		}
		all = append(all, st)
	}
	return all, err
}

// Readdirnames is ReadDir with names only. C function uv_fs_scandir.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_scandir
func (f *File) Readdirnames(n int) ([]string, error) {
	entries, err := f.ReadDir(n)
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}
