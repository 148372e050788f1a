package requests

import (
	"iter"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// A Dir is a directory being read in parts, from FSOpendir to FSClosedir or
// Close, one of which must be called. C type uv_dir_t.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_dir_t
type Dir struct {
	core *core.Core
	c    *cuv.Dir // nil once FSClosedir has begun
	path string
	busy bool // an FSReaddir is under way
}

// maxDirents is how many entries one FSReaddir asks for at most: the memory of so many
// is allocated before the system is asked.
const maxDirents = 4096

// FSScandir reads a directory. The entries, sorted by name and without "." and
// "..", are borrowed: until fn returns they may be ranged over, whole or in part, any
// number of times. C functions uv_fs_scandir and uv_fs_scandir_next.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_scandir
func FSScandir(l uv.Loop, path string, fn func(entries iter.Seq[uv.Dirent], err error)) (FS, error) {
	r, err := newFS(l, "fs scandir", fn != nil, path, "")
	if err != nil {
		return FS{}, err
	}
	r.c.Flags = 0
	return r.start(cuv.FSScandir, doneEntries(fn))
}

// FSOpendir opens a directory for FSReaddir. C function uv_fs_opendir.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_opendir
func FSOpendir(l uv.Loop, path string, fn func(d *Dir, err error)) (FS, error) {
	return pathFS(l, "fs opendir", cuv.FSOpendir, path, doneDir(fn), fn != nil)
}

// FSReaddir reads up to n of the directory's next entries, none at its end, in
// the system's order and without "." and "..". They are borrowed, as those of FSScandir
// are. EBUSY while another FSReaddir of d is under way, EINVAL for a directory
// of another loop or an n that is not positive, ErrClosed after FSClosedir. C
// function uv_fs_readdir.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_readdir
func FSReaddir(l uv.Loop, d *Dir, n int, fn func(entries iter.Seq[uv.Dirent], err error)) (FS, error) {
	const op = "fs readdir"
	r, err := newDirFS(l, op, d, fn != nil && n > 0)
	if err != nil {
		return FS{}, err
	}
	r.c.Entries = uint32(min(n, maxDirents))
	d.busy = true
	f, err := r.start(cuv.FSReaddir, doneEntries(fn))
	d.busy = err == nil
	return f, err
}

// FSClosedir closes a directory, which cannot be used from now on. EBUSY while an
// FSReaddir of d is under way, ErrClosed the second time. C function
// uv_fs_closedir.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_closedir
func FSClosedir(l uv.Loop, d *Dir, fn func(err error)) (FS, error) {
	r, err := newDirFS(l, "fs closedir", d, fn != nil)
	if err != nil {
		return FS{}, err
	}
	c := d.c
	d.c, r.dir = nil, nil
	f, err := r.start(cuv.FSClosedir, doneError(fn))
	if err != nil {
		d.c = c
	}
	return f, err
}

// Close closes a directory whose loop is closed or will not run again: at once,
// in the calling goroutine, which must be the only one to use d. FSClosedir is for all
// other cases. EBUSY while an FSReaddir of d is under way, EINVAL for a zero Dir,
// ErrClosed the second time. C function uv_fs_closedir.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_closedir
func (d *Dir) Close() error {
	const op = "fs closedir"
	switch {
	case d == nil || d.core == nil:
		return uv.Fail(op, uv.EINVAL)
	case d.c == nil:
		return &uv.OpError{Op: op, Err: uv.ErrClosed}
	case d.busy:
		return uv.FailAddr(op, d.path, uv.EBUSY)
	}
	d.c.Close()
	d.c = nil
	return nil
}

// newDirFS makes the request of an operation on an open directory.
func newDirFS(l uv.Loop, op string, d *Dir, valid bool) (*fsRequest, error) {
	core, err := core.Use(l, op)
	if err != nil {
		return nil, err
	}
	switch {
	case d == nil || d.core == nil || d.core != core || !valid:
		return nil, uv.Fail(op, uv.EINVAL)
	case d.c == nil:
		return nil, &uv.OpError{Op: op, Err: uv.ErrClosed}
	case d.busy:
		return nil, uv.FailAddr(op, d.path, uv.EBUSY)
	}
	r, err := newFS(l, op, true, d.path, "")
	if err != nil {
		return nil, err
	}
	r.c.Dir, r.dir = d.c, d
	return r, nil
}
