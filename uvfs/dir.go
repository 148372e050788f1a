package uvfs

import (
	"context"
	"io"
	"io/fs"
	"iter"
	"path/filepath"
	"slices"
	"sync"

	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// ReadDir lists a directory by name. An entry's Info asks about the file as it
// is then. C function uv_fs_scandir,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_scandir.
func (f *FS) ReadDir(ctx context.Context, path string) ([]fs.DirEntry, error) {
	found, err := await(ctx, f, nil, nil, func(fn func([]uv.Dirent, error)) (requests.FS, error) {
		return requests.FSScandir(f.loop, path, collected(fn))
	})
	if err != nil {
		return nil, wrap("scandir", path, err)
	}
	return f.entries(ctx, path, found)
}

// collected makes a callback for borrowed entries of one that keeps them.
func collected(fn func([]uv.Dirent, error)) func(iter.Seq[uv.Dirent], error) {
	return func(entries iter.Seq[uv.Dirent], err error) { fn(slices.Collect(entries), err) }
}

// entries presents what libuv found in a directory; what has gone meanwhile and
// is of unknown type is left out.
func (f *FS) entries(ctx context.Context, dir string, found []uv.Dirent) ([]fs.DirEntry, error) {
	all := make([]fs.DirEntry, 0, len(found))
	for _, e := range found {
		entry := &dirEntry{f, ctx, filepath.Join(dir, e.Name), e.Name, e.Type.Mode()}
		if e.Type == uv.DirentUnknown {
			st, err := f.Lstat(ctx, entry.path)
			if ctx.Err() != nil {
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

// dirEntry is an fs.DirEntry that asks for the rest when it is needed.
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
// lists the directory, by the File's name, for libuv lists none by descriptor;
// Seek makes the next one list it anew. C function uv_fs_scandir,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_scandir.
func (f *File) ReadDir(n int) ([]fs.DirEntry, error) {
	if err := f.use(); err != nil {
		return nil, wrap("readdir", f.Name(), err)
	}
	defer f.free()
	f.listing.Lock()
	defer f.listing.Unlock()
	if f.rewound.Swap(false) || !f.listed {
		entries, err := f.fs.ReadDir(f.ctx, f.Name())
		if err != nil {
			return nil, err
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

// A Dir is a directory being read in parts, for one too large for ReadDir. It
// must be closed.
type Dir struct {
	fs   *FS
	path string
	dir  *requests.Dir

	mu     sync.Mutex
	busy   bool // a Read is under way, or goes on without its caller
	closed bool
}

// Opendir opens a directory. C function uv_fs_opendir,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_opendir.
func (f *FS) Opendir(ctx context.Context, path string) (*Dir, error) {
	dir, err := await(ctx, f, nil, f.discardDir, func(fn func(*requests.Dir, error)) (requests.FS, error) {
		return requests.FSOpendir(f.loop, path, fn)
	})
	if err != nil {
		return nil, wrap("opendir", path, err)
	}
	return &Dir{fs: f, path: path, dir: dir}, nil
}

// discardDir closes a directory that nobody waits for any more, on the loop.
func (f *FS) discardDir(dir *requests.Dir) {
	_, _ = requests.FSClosedir(f.loop, dir, func(error) {})
}

// Read returns up to n of the next entries in the system's order: io.EOF at the
// end. EBUSY while another Read is under way, also one whose context has ended.
// C function uv_fs_readdir,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_readdir.
func (d *Dir) Read(ctx context.Context, n int) ([]fs.DirEntry, error) {
	if d == nil {
		return nil, fs.ErrInvalid
	}
	d.mu.Lock()
	var err error
	switch {
	case d.closed:
		err = fs.ErrClosed
	case d.busy:
		err = uv.EBUSY
	default:
		d.busy = true
	}
	d.mu.Unlock()
	if err != nil {
		return nil, wrap("readdir", d.path, err)
	}
	found, err := await(ctx, d.fs, d.over, nil, func(fn func([]uv.Dirent, error)) (requests.FS, error) {
		return requests.FSReaddir(d.fs.loop, d.dir, n, collected(fn))
	})
	if err == nil && len(found) == 0 {
		return nil, io.EOF
	}
	if err != nil {
		return nil, wrap("readdir", d.path, err)
	}
	return d.fs.entries(ctx, d.path, found)
}

// over runs on the loop when a Read is, or is refused.
func (d *Dir) over() {
	d.mu.Lock()
	d.busy = false
	late := d.closed
	d.mu.Unlock()
	if late {
		if d.fs.core.Post(func() { d.fs.discardDir(d.dir) }) != nil {
			_ = d.dir.Close()
		}
	}
}

// Close closes the directory; a Read that is under way does so behind itself. It
// works also when the loop is closed. fs.ErrClosed the second time. C function uv_fs_closedir,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_closedir.
func (d *Dir) Close() error {
	if d == nil {
		return fs.ErrInvalid
	}
	if core.InCallback() {
		return wrap("closedir", d.path, uv.ErrInCallback)
	}
	d.mu.Lock()
	closed, busy := d.closed, d.busy
	d.closed = true
	d.mu.Unlock()
	if closed {
		return wrap("closedir", d.path, fs.ErrClosed)
	}
	if busy {
		return nil
	}
	err := do(context.Background(), d.fs, nil, func(fn func(error)) (requests.FS, error) {
		return requests.FSClosedir(d.fs.loop, d.dir, fn)
	})
	if isClosed(err) { // the loop, not the directory
		err = d.dir.Close()
	}
	return wrap("closedir", d.path, err)
}
