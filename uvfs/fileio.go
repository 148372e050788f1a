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
)

// ownBuffer is how much one operation reads or writes for a caller who may leave.
const ownBuffer = 1 << 20

// buffers are those of ownBuffer bytes.
var buffers = sync.Pool{New: func() any { return new([ownBuffer]byte) }}

// isClosed tells whether the loop refused.
func isClosed(err error) bool { return errors.Is(err, uv.ErrClosed) }

// read reads once at off, or with -1 at the file's position. Only a caller who
// is certain to wait lends its own memory.
func (f *File) read(p []byte, off int64) (int, error) {
	if err := f.use(); err != nil {
		return 0, err
	}
	if f.ctx.Done() == nil || len(p) == 0 {
		return f.readInto(f.ctx, p, off)
	}
	own := buffers.Get().(*[ownBuffer]byte)
	n, err := f.readInto(f.ctx, own[:min(len(p), ownBuffer)], off)
	if f.ctx.Err() != nil && err != nil {
		return n, err // the buffer may be in use: nobody else may have it
	}
	copy(p, own[:n])
	buffers.Put(own)
	return n, err
}

func (f *File) readInto(ctx context.Context, p []byte, off int64) (int, error) {
	return await(ctx, f.fs, f.free, nil, func(fn func(int, error)) (requests.FS, error) {
		return requests.FSRead(f.fs.loop, f.fd, off, fn, p)
	})
}

// write writes once, as read reads.
func (f *File) write(p []byte, off int64) (int, error) {
	if err := f.use(); err != nil {
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
	return await(ctx, f.fs, f.free, nil, func(fn func(int, error)) (requests.FS, error) {
		return requests.FSWrite(f.fs.loop, f.fd, off, fn, p)
	})
}

// sysErr makes a system call's error one of libuv's.
func sysErr(err error) error {
	var no unix.Errno
	if errors.As(err, &no) {
		return uv.Errno(-int32(no))
	}
	return err
}

// Read reads at the file's position: io.EOF at the end. C function uv_fs_read,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_read.
func (f *File) Read(p []byte) (int, error) {
	n, err := f.read(p, -1)
	return n, wrap("read", f.Name(), err)
}

// ReadAt fills p from an offset in bytes: io.EOF if the file ends before. C
// function uv_fs_read, https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_read.
func (f *File) ReadAt(p []byte, off int64) (n int, err error) {
	if f == nil || f.file == nil {
		return 0, fs.ErrInvalid
	}
	if off < 0 {
		return 0, wrap("readat", f.Name(), uv.EINVAL)
	}
	for n < len(p) && err == nil {
		var m int
		m, err = f.read(p[n:], off+int64(n))
		n += m
	}
	return n, wrap("readat", f.Name(), err)
}

// Write writes all of p at the file's position. C function uv_fs_write,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_write.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.writeAll(p, -1)
	return n, wrap("write", f.Name(), err)
}

// WriteString is Write of a string. C function uv_fs_write,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_write.
func (f *File) WriteString(s string) (int, error) { return f.Write([]byte(s)) }

// WriteAt writes all of p at an offset in bytes, or, in a file opened with
// O_APPEND, where the system sees fit. C function uv_fs_write,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_write.
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, wrap("writeat", f.Name(), uv.EINVAL)
	}
	n, err := f.writeAll(p, off)
	return n, wrap("writeat", f.Name(), err)
}

// writeAll writes on after a short write, to learn what stopped it.
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
// such operation; this one does not wait.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	if err := f.use(); err != nil {
		return 0, wrap("seek", f.Name(), err)
	}
	defer f.free()
	n, err := unix.Seek(int(f.fd), offset, whence)
	if err != nil {
		return 0, wrap("seek", f.Name(), sysErr(err))
	}
	f.rewound.Store(true) // without its lock: a ReadDir may hold it for long
	return n, nil
}

// Sendfile copies n bytes, or with a negative n all, from an offset of another
// file to the position of f, inside the kernel where it can: io.EOF if the
// source ends before n. A context that ends stops it behind a step. C function
// uv_fs_sendfile, https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_sendfile.
func (f *File) Sendfile(src *File, off, n int64) (int64, error) {
	if src == nil {
		return 0, wrap("sendfile", f.Name(), uv.EINVAL)
	}
	if err := f.use(); err != nil {
		return 0, wrap("sendfile", f.Name(), err)
	}
	if err := src.use(); err != nil {
		f.free()
		return 0, wrap("sendfile", src.name, err)
	}
	free := func() {
		f.free()
		src.free()
	}
	n, err := await(f.ctx, f.fs, free, nil, func(fn func(int64, error)) (requests.FS, error) {
		return requests.FSSendfileAll(f.fs.loop, f.fd, src.fd, off, n, fn)
	})
	return n, wrap("sendfile", f.Name(), err)
}

// ReadFrom writes all that r has at the position of f. From a File it copies by
// Sendfile, from its position on, where that works; it ends with that File's
// context, too. C function uv_fs_sendfile,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_sendfile.
func (f *File) ReadFrom(r io.Reader) (int64, error) {
	if f == nil || f.file == nil {
		return 0, fs.ErrInvalid
	}
	src, ok := r.(*File)
	if !ok {
		return f.readWrite(r)
	}
	if done := src.ctx.Done(); done != nil && done != f.ctx.Done() {
		if f.ctx.Done() != nil { // no call ends with two: a read ends with one, a write with the other
			return f.readWrite(src)
		}
		f = f.With(src.ctx)
	}
	var n int64
	at, err := src.Seek(0, io.SeekCurrent)
	if err == nil {
		n, err = f.Sendfile(src, at, -1)
		if _, serr := src.Seek(at+n, io.SeekStart); err == nil {
			err = serr
		}
	}
	if n > 0 || f.ctx.Err() != nil {
		return n, err
	}
	// Pipes, files opened to append and those of /proc take reads and writes alone.
	return f.readWrite(src)
}

// readWrite is ReadFrom by Read and Write alone.
func (f *File) readWrite(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{f}, struct{ io.Reader }{r})
}

// ReadFile reads a whole file. C function uv_fs_read,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_read.
func (f *FS) ReadFile(ctx context.Context, name string) ([]byte, error) {
	file, err := f.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	file = file.With(ctx)
	size := int64(512)
	if st, err := file.Stat(); err == nil && st.Size() >= size && st.Size() < 1<<40 {
		size = st.Size() + 1 // and a byte in which to find the end
	}
	p := make([]byte, 0, size)
	for {
		n, err := file.Read(p[len(p):cap(p)])
		p = p[:len(p)+n]
		if err == io.EOF {
			return p, nil
		}
		if err != nil {
			return nil, err
		}
		if len(p) == cap(p) {
			p = append(p, 0)[:len(p)]
		}
	}
}

// WriteFile makes data a file's whole content, creating it if need be. C
// function uv_fs_write,
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_write.
func (f *FS) WriteFile(ctx context.Context, name string, data []byte, mode fs.FileMode) error {
	file, err := f.OpenFile(ctx, name, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = file.With(ctx).Write(data)
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	return err
}
