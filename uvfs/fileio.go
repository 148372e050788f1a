package uvfs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

var (
	_ fs.ReadDirFile  = (*File)(nil)
	_ io.ReadWriter   = (*File)(nil)
	_ io.ReaderAt     = (*File)(nil)
	_ io.WriterAt     = (*File)(nil)
	_ io.Seeker       = (*File)(nil)
	_ io.StringWriter = (*File)(nil)
	_ io.ReaderFrom   = (*File)(nil)
	_ io.WriterTo     = (*File)(nil)
)

// ownBuffer is how many bytes one operation reads or writes at most for a caller whose
// context can end.
const ownBuffer = 1 << 20

// buffers keeps buffers of ownBuffer bytes for reuse.
var buffers = sync.Pool{New: func() any { return new([ownBuffer]byte) }}

// read reads once at off, or with -1 at the file's position. What a signal has
// interrupted, as on a network's file system, is done again, as package os does: of all
// operations libuv leaves that to its users for reads alone.
func (f *File) read(p []byte, off int64) (int, error) {
	for {
		n, err := f.readOnce(p, off)
		if err == nil || !errors.Is(err, uv.EINTR) {
			return n, err
		}
	}
}

// readOnce is read without that. A caller whose context can end returns before the
// operation does, so p is lent only if it cannot.
func (f *File) readOnce(p []byte, off int64) (int, error) {
	if err := f.hold(); err != nil {
		return 0, err
	}
	if f.ctx.Done() == nil || len(p) == 0 {
		return f.readInto(f.ctx, p, off)
	}
	own := buffers.Get().(*[ownBuffer]byte)
	n, err := f.readInto(f.ctx, own[:min(len(p), ownBuffer)], off)
	if f.ctx.Err() != nil && err != nil {
		return n, err // a thread may still read into the buffer: it is not reused
	}
	copy(p, own[:n])
	buffers.Put(own)
	return n, err
}

func (f *File) readInto(ctx context.Context, p []byte, off int64) (int, error) {
	return wait(ctx, f.fs, "read", f.release, nil, func(l uv.Loop, fn func(int, error)) (requests.FS, error) {
		return requests.FSRead(l, f.fd, off, fn, p)
	})
}

// write writes once, with buffers as read has them.
func (f *File) write(p []byte, off int64) (int, error) {
	if err := f.hold(); err != nil {
		return 0, err
	}
	if f.ctx.Done() == nil || len(p) == 0 {
		return f.writeFrom(f.ctx, p, off)
	}
	own := buffers.Get().(*[ownBuffer]byte)
	n, err := f.writeFrom(f.ctx, own[:copy(own[:], p)], off)
	if f.ctx.Err() != nil && err != nil {
		return n, err
	}
	buffers.Put(own)
	return n, err
}

func (f *File) writeFrom(ctx context.Context, p []byte, off int64) (int, error) {
	return wait(ctx, f.fs, "write", f.release, nil, func(l uv.Loop, fn func(int, error)) (requests.FS, error) {
		return requests.FSWrite(l, f.fd, off, fn, p)
	})
}

// Read reads at the file's position: io.EOF at the end. C function uv_fs_read.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_read
func (f *File) Read(p []byte) (int, error) {
	n, err := f.read(p, -1)
	return n, wrap("read", f.Name(), err)
}

// ReadAt fills p from an offset in bytes: io.EOF if the file ends before. C
// function uv_fs_read.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_read
func (f *File) ReadAt(p []byte, off int64) (n int, err error) {
	if f == nil || f.file == nil {
		return 0, fs.ErrInvalid
	}
	if off < 0 {
		return 0, wrap("readat", f.name, uv.EINVAL)
	}
	for n < len(p) && err == nil {
		var m int
		m, err = f.read(p[n:], off+int64(n))
		n += m
	}
	return n, wrap("read", f.name, err)
}

// Write writes all of p at the file's position. C function uv_fs_write.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_write
func (f *File) Write(p []byte) (int, error) {
	n, err := f.writeAll(p, -1)
	return n, wrap("write", f.Name(), err)
}

// WriteString is Write of a string. C function uv_fs_write.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_write
func (f *File) WriteString(s string) (int, error) { return f.Write([]byte(s)) }

// errAppend is the error of WriteAt where the system ignores the offset.
var errAppend = errors.New("uvfs: WriteAt of a file opened with O_APPEND")

// WriteAt writes all of p at an offset in bytes. It fails for a file opened with
// O_APPEND, as package os has it: the system would write at the end. C function
// uv_fs_write.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_write
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	if f == nil || f.file == nil {
		return 0, fs.ErrInvalid
	}
	if f.append {
		return 0, errAppend
	}
	if off < 0 {
		return 0, wrap("writeat", f.name, uv.EINVAL)
	}
	n, err := f.writeAll(p, off)
	return n, wrap("write", f.name, err)
}

// writeAll writes again after a short write, to learn what stopped it.
func (f *File) writeAll(p []byte, off int64) (n int, err error) {
	for {
		at := off
		if off >= 0 {
			at += int64(n)
		}
		m, err := f.write(p[n:], at)
		n += m
		if err == io.ErrShortWrite && m > 0 {
			continue
		}
		if err != nil || n == len(p) {
			return n, err
		}
	}
}

// Seek sets the position of the next Read or Write and returns it. libuv has no
// such operation; this one does not wait for the loop.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	if err := f.hold(); err != nil {
		return 0, wrap("seek", f.Name(), err)
	}
	defer f.release()
	n, err := unix.Seek(int(f.fd), offset, whence)
	if err != nil {
		return 0, wrap("seek", f.name, sysErr(err))
	}
	f.rewound.Store(true) // an atomic: a ReadDir may hold its lock for long
	return n, nil
}
