package uvfs

import (
	"context"
	"io"
	"io/fs"
	"sync"

	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// A Dir is a directory that is read in parts, for one too large for ReadDir, which keeps
// all entries in memory. It must be closed. Package os has no such type.
type Dir struct {
	fs   *FS
	path string
	dir  *requests.Dir

	mu     sync.Mutex // guards the next two
	busy   bool       // a Read is under way, perhaps one whose caller has returned
	closed bool
}

// Opendir opens a directory. C function uv_fs_opendir.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_opendir
func (f *FS) Opendir(ctx context.Context, path string) (*Dir, error) {
	dir, err := wait(ctx, f, "opendir", nil, f.discardDir, func(l uv.Loop, fn func(*requests.Dir, error)) (requests.FS, error) {
		return requests.FSOpendir(l, path, fn)
	})
	if err != nil {
		return nil, wrap("opendir", path, err)
	}
	return &Dir{fs: f, path: path, dir: dir}, nil
}

// discardDir closes a directory without waiting for it; it runs on the loop.
func (f *FS) discardDir(dir *requests.Dir) {
	_, _ = requests.FSClosedir(f.loop, dir, func(error) {})
}

// Read returns up to n of the next entries in the system's order: io.EOF at the
// end. EBUSY while another Read is under way, also one whose context has ended.
// C function uv_fs_readdir.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_readdir
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
	found, err := wait(ctx, d.fs, "readdir", d.over, nil, func(l uv.Loop, fn func([]uv.Dirent, error)) (requests.FS, error) {
		return requests.FSReaddir(l, d.dir, n, collected(fn))
	})
	if err == nil && len(found) == 0 {
		return nil, io.EOF
	}
	if err != nil {
		return nil, wrap("readdir", d.path, err)
	}
	return d.fs.entries(ctx, d.path, found)
}

// over ends a Read: on the loop, or where the loop refused it. A Close that came meanwhile
// left the closing to it.
func (d *Dir) over() {
	d.mu.Lock()
	d.busy = false
	closed := d.closed
	d.mu.Unlock()
	if closed && d.fs.loop.Post(func() { d.fs.discardDir(d.dir) }) != nil {
		_ = d.dir.Close()
	}
}

// Close closes the directory; if a Read is under way, behind that. It
// works also when the loop is closed. fs.ErrClosed the second time. C function
// uv_fs_closedir.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_closedir
func (d *Dir) Close() error {
	if d == nil || d.fs == nil {
		return fs.ErrInvalid
	}
	if _, err := d.fs.core.BeginWait("closedir"); err != nil {
		return wrap("closedir", d.path, err)
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
	err := do(context.Background(), d.fs, "closedir", nil, func(l uv.Loop, fn func(error)) (requests.FS, error) {
		return requests.FSClosedir(l, d.dir, fn)
	})
	if loopClosed(err) {
		err = d.dir.Close()
	}
	return wrap("closedir", d.path, err)
}
