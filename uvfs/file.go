package uvfs

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// A File is an open file. Its methods may be called from several goroutines; all
// but Close take the context of [File.With], or the one that opened the [Tree]
// it came from, or none. After Close they fail with fs.ErrClosed.
type File struct {
	*file
	ctx context.Context
}

// file is what the Files of one descriptor share. Operations hold it: the
// descriptor is closed when the last is over, so that none meets a stranger's.
type file struct {
	fs   *FS
	name string
	fd   uintptr

	mu     sync.Mutex
	users  int
	closed bool
	leak   runtime.Cleanup

	rewound atomic.Bool // ReadDir lists the directory anew
	listing sync.Mutex  // held for a whole ReadDir
	listed  bool
	entries []fs.DirEntry // what ReadDir has left
}

// Open opens a file for reading. C function uv_fs_open,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_open.
func (f *FS) Open(ctx context.Context, name string) (*File, error) {
	return f.OpenFile(ctx, name, os.O_RDONLY, 0)
}

// Create opens a file for reading and writing, empty. C function uv_fs_open,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_open.
func (f *FS) Create(ctx context.Context, name string) (*File, error) {
	return f.OpenFile(ctx, name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
}

// OpenFile opens a file with the flags of package os and the permissions that it
// gets if it is created. ctx is for the opening alone. C function uv_fs_open,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_open.
func (f *FS) OpenFile(ctx context.Context, name string, flags int, mode fs.FileMode) (*File, error) {
	fd, err := await(ctx, f, nil, f.discard, func(fn func(uintptr, error)) (requests.FS, error) {
		return requests.FSOpen(f.loop, name, flags, mode, fn)
	})
	if err != nil {
		return nil, wrap("open", name, err)
	}
	return f.newFile(name, fd), nil
}

// Mkstemp makes and opens a file from a template that ends in XXXXXX. C function
// uv_fs_mkstemp, https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_mkstemp.
func (f *FS) Mkstemp(ctx context.Context, template string) (*File, error) {
	type made struct {
		fd   uintptr
		path string
	}
	drop := func(m made) {
		f.discard(m.fd)
		_, _ = requests.FSUnlink(f.loop, m.path, func(error) {})
	}
	m, err := await(ctx, f, nil, drop, func(fn func(made, error)) (requests.FS, error) {
		return requests.FSMkstemp(f.loop, template, func(fd uintptr, path string, err error) { fn(made{fd, path}, err) })
	})
	if err != nil {
		return nil, wrap("mkstemp", template, err)
	}
	return f.newFile(m.path, m.fd), nil
}

// NewFile makes a File of a descriptor, which then belongs to it; nil for an FS that
// neither New nor On made.
func (f *FS) NewFile(fd uintptr, name string) *File {
	if f == nil || f.core == nil {
		return nil
	}
	return f.newFile(name, fd)
}

func (f *FS) newFile(name string, fd uintptr) *File {
	file := &file{fs: f, name: name, fd: fd}
	l := leaked{name: name, log: f.core.Logger()}
	if f.core.DebugMode() {
		l.site = core.Caller()
	}
	file.leak = runtime.AddCleanup(file, reportLeak, l)
	return &File{file, context.Background()}
}

// leaked describes a file that nobody closed.
type leaked struct {
	name, site string
	log        *slog.Logger
}

// reportLeak runs when a file was collected without Close. The descriptor stays
// open: somebody may have asked for its number.
func reportLeak(l leaked) {
	l.log.Warn("uvgo: file was dropped without Close", "name", l.name, "opened", l.site)
}

// discard closes a descriptor that nobody waits for any more, on the loop.
func (f *FS) discard(fd uintptr) {
	if _, err := requests.FSClose(f.loop, fd, func(error) {}); err != nil {
		unix.Close(int(fd))
	}
}

// With returns the same open file for calls that end with ctx. Bytes to be read
// or written are then copied, a mebibyte at a time at most. A Read or Write that
// ended with ctx may still move the file's position.
func (f *File) With(ctx context.Context) *File {
	if f == nil {
		return nil
	}
	return &File{f.file, ctx}
}

// Name returns the name that the file was opened by.
func (f *File) Name() string {
	if f == nil || f.file == nil {
		return ""
	}
	return f.name
}

// FD returns the descriptor, which stays the File's.
func (f *File) FD() uintptr {
	if f == nil || f.file == nil {
		return ^uintptr(0)
	}
	return f.fd
}

// use holds the file for one operation, until free. fs.ErrInvalid for a File that no
// FS made, and for nil, as package os has it.
func (f *File) use() error {
	if f == nil || f.file == nil {
		return fs.ErrInvalid
	}
	return f.file.use()
}

// use is File's, of a file that there is.
func (f *file) use() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return fs.ErrClosed
	}
	f.users++
	return nil
}

// free ends one use; it runs on the loop or, if the loop refuses, elsewhere.
func (f *file) free() {
	f.mu.Lock()
	f.users--
	last := f.closed && f.users == 0
	f.mu.Unlock()
	if last {
		f.closeLate()
	}
}

// closeLate closes the descriptor behind the last of its operations.
func (f *file) closeLate() {
	if f.fs.core.Post(func() { f.fs.discard(f.fd) }) != nil {
		unix.Close(int(f.fd))
	}
}

// Close closes the file, for all that With returned too. It does not wait for
// operations under way: the last of them closes the descriptor. It works also
// when the loop is closed. fs.ErrClosed the second time. C function uv_fs_close,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_close.
func (f *File) Close() error {
	if core.InCallback() {
		return wrap("close", f.Name(), uv.ErrInCallback)
	}
	if f == nil || f.file == nil {
		return fs.ErrInvalid
	}
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return wrap("close", f.Name(), fs.ErrClosed)
	}
	f.closed = true
	f.leak.Stop()
	busy := f.users > 0
	f.mu.Unlock()
	if busy {
		return nil
	}
	err := do(context.Background(), f.fs, nil, func(fn func(error)) (requests.FS, error) {
		return requests.FSClose(f.fs.loop, f.fd, fn)
	})
	if isClosed(err) { // the loop, not the descriptor
		err = sysErr(unix.Close(int(f.fd)))
	}
	return wrap("close", f.Name(), err)
}

// run does an operation on the descriptor.
func (f *File) run(op string, start func(l uv.Loop, fd uintptr, fn func(error)) (requests.FS, error)) error {
	err := f.use()
	if err == nil {
		err = do(f.ctx, f.fs, f.free, func(fn func(error)) (requests.FS, error) { return start(f.fs.loop, f.fd, fn) })
	}
	return wrap(op, f.Name(), err)
}

// Stat asks about the file; the result's Sys is a *uv.Stat. C function
// uv_fs_fstat, https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_fstat.
func (f *File) Stat() (fs.FileInfo, error) {
	if err := f.use(); err != nil {
		return nil, wrap("stat", f.Name(), err)
	}
	st, err := await(f.ctx, f.fs, f.free, nil, func(fn func(uv.Stat, error)) (requests.FS, error) {
		return requests.FSFstat(f.fs.loop, f.fd, fn)
	})
	if err != nil {
		return nil, wrap("stat", f.Name(), err)
	}
	return st.Info(filepath.Base(f.Name())), nil
}

// Sync brings content and metadata to the disk. C function uv_fs_fsync,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_fsync.
func (f *File) Sync() error { return f.run("sync", requests.FSFsync) }

// Datasync is Sync without metadata that reading does not need. C function
// uv_fs_fdatasync, https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_fdatasync.
func (f *File) Datasync() error { return f.run("datasync", requests.FSFdatasync) }

// Truncate sets the file's size in bytes. C function uv_fs_ftruncate,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_ftruncate.
func (f *File) Truncate(size int64) error {
	return f.run("truncate", func(l uv.Loop, fd uintptr, fn func(error)) (requests.FS, error) {
		return requests.FSFtruncate(l, fd, size, fn)
	})
}

// Chmod sets the file's permissions. C function uv_fs_fchmod,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_fchmod.
func (f *File) Chmod(mode fs.FileMode) error {
	return f.run("chmod", func(l uv.Loop, fd uintptr, fn func(error)) (requests.FS, error) {
		return requests.FSFchmod(l, fd, mode, fn)
	})
}

// Chown sets the file's owner and group; -1 leaves one alone. C function
// uv_fs_fchown, https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_fchown.
func (f *File) Chown(uid, gid int) error {
	return f.run("chown", func(l uv.Loop, fd uintptr, fn func(error)) (requests.FS, error) {
		return requests.FSFchown(l, fd, uid, gid, fn)
	})
}

// Utime sets the file's times; see [requests.FSUtime]. C function uv_fs_futime,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_futime.
func (f *File) Utime(atime, mtime time.Time) error {
	return f.run("utime", func(l uv.Loop, fd uintptr, fn func(error)) (requests.FS, error) {
		return requests.FSFutime(l, fd, atime, mtime, fn)
	})
}
