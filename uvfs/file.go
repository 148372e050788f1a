package uvfs

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// A File is an open file. Any goroutine may call its methods. All but Close end with the
// context of [File.With], or for a file that a [Tree] opened with the Tree's; otherwise
// they wait until they are done. After Close they fail with fs.ErrClosed.
type File struct {
	*file
	ctx context.Context
}

// file is what all Files of one descriptor share. Each operation holds the file, and the
// descriptor is closed when the last one is over: closed earlier, its number could name
// another file by the time the operation begins.
type file struct {
	fs     *FS
	name   string
	fd     uintptr
	append bool // opened with O_APPEND

	mu     sync.Mutex // guards the next two
	users  int        // operations under way
	closed bool
	leak   runtime.Cleanup

	rewound atomic.Bool // Seek was called: ReadDir lists the directory anew
	listing sync.Mutex  // held for a whole ReadDir; guards the next two
	listed  bool
	entries []fs.DirEntry // what ReadDir has not returned yet
}

// Open opens a file for reading. C function uv_fs_open.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_open
func (f *FS) Open(ctx context.Context, name string) (*File, error) {
	return f.OpenFile(ctx, name, os.O_RDONLY, 0)
}

// Create opens a file for reading and writing, and empties it if it exists. C function
// uv_fs_open.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_open
func (f *FS) Create(ctx context.Context, name string) (*File, error) {
	return f.OpenFile(ctx, name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
}

// OpenFile opens a file with the flags of package os and the permissions that it
// gets if it is created. ctx ends the opening only, not what is done with the file. C
// function uv_fs_open.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_open
func (f *FS) OpenFile(ctx context.Context, name string, flag int, perm fs.FileMode) (*File, error) {
	return f.open(ctx, name, flag, perm, f.discard)
}

// open is OpenFile with a drop for a descriptor that comes after ctx has ended.
func (f *FS) open(ctx context.Context, name string, flag int, perm fs.FileMode, drop func(fd uintptr)) (*File, error) {
	fd, err := wait(ctx, f, "open", nil, drop, func(l uv.Loop, fn func(uintptr, error)) (requests.FS, error) {
		return requests.FSOpen(l, name, flag, perm, fn)
	})
	if err != nil {
		return nil, wrap("open", name, err)
	}
	return f.newFile(name, fd, flag), nil
}

// NewFile makes a File of a descriptor, which the File then owns: nil for an FS that
// neither New nor On made. Unlike os.NewFile it also takes a descriptor that is not open,
// whose operations fail.
func (f *FS) NewFile(fd uintptr, name string) *File {
	if f == nil || f.core == nil {
		return nil
	}
	return f.newFile(name, fd, 0)
}

func (f *FS) newFile(name string, fd uintptr, flag int) *File {
	file := &file{fs: f, name: name, fd: fd, append: flag&os.O_APPEND != 0}
	l := leaked{name: name, log: f.core.Logger()}
	if f.core.DebugMode() {
		l.site = core.Caller()
	}
	file.leak = runtime.AddCleanup(file, reportLeak, l)
	return &File{file, context.Background()}
}

// leaked describes a file that was not closed.
type leaked struct {
	name, site string
	log        *slog.Logger
}

// reportLeak runs when a file was collected without Close. The descriptor stays
// open, because the program may use the number that Fd returned.
func reportLeak(l leaked) {
	l.log.Warn("uvgo: file was dropped without Close", "name", l.name, "opened", l.site)
}

// discard closes a descriptor without waiting for it; it runs on the loop.
func (f *FS) discard(fd uintptr) {
	if _, err := requests.FSClose(f.loop, fd, func(error) {}); err != nil {
		unix.Close(int(fd))
	}
}

// With returns the same open file for calls that end with ctx. Bytes to be read
// or written are then copied, a mebibyte at a time at most, so that the caller's memory is
// never used after the return. A Read or Write that ended with ctx may still move the
// file's position.
func (f *File) With(ctx context.Context) *File {
	if f == nil {
		return nil
	}
	return &File{f.file, valid(ctx)}
}

// Name returns the name that the file was opened by.
func (f *File) Name() string {
	if f == nil || f.file == nil {
		return ""
	}
	return f.name
}

// Fd returns the descriptor, which the File keeps: ^uintptr(0) after Close.
func (f *File) Fd() uintptr {
	if f == nil || f.file == nil {
		return ^uintptr(0)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return ^uintptr(0)
	}
	return f.fd
}

// hold keeps the descriptor open for one operation, until release. fs.ErrInvalid for nil
// and for a File that no FS made, as package os has it.
func (f *File) hold() error {
	if f == nil || f.file == nil {
		return fs.ErrInvalid
	}
	return f.file.hold()
}

// hold is File's, for a file that exists.
func (f *file) hold() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return fs.ErrClosed
	}
	f.users++
	return nil
}

// release ends one hold. It runs on the loop, or where the loop refused the operation.
func (f *file) release() {
	f.mu.Lock()
	f.users--
	last := f.closed && f.users == 0
	f.mu.Unlock()
	if last && f.fs.loop.Post(func() { f.fs.discard(f.fd) }) != nil {
		unix.Close(int(f.fd))
	}
}

// Close closes the file, also for all Files that With returned. It does not wait for
// operations under way: the last of them closes the descriptor. It works also
// when the loop is closed. fs.ErrClosed the second time. C function uv_fs_close.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_close
func (f *File) Close() error {
	if f == nil || f.file == nil {
		return fs.ErrInvalid
	}
	if _, err := f.fs.core.BeginWait("close"); err != nil {
		return wrap("close", f.name, err)
	}
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return wrap("close", f.name, fs.ErrClosed)
	}
	f.closed = true
	f.leak.Stop()
	busy := f.users > 0
	f.mu.Unlock()
	if busy {
		return nil
	}
	err := do(context.Background(), f.fs, "close", nil, func(l uv.Loop, fn func(error)) (requests.FS, error) {
		return requests.FSClose(l, f.fd, fn)
	})
	if loopClosed(err) {
		err = sysErr(unix.Close(int(f.fd)))
	}
	return wrap("close", f.name, err)
}
