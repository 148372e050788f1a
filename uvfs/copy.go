package uvfs

import (
	"io"
	"io/fs"

	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// Sendfile copies n bytes, or with a negative n all, from an offset of another
// file to the position of f, inside the kernel where it can: io.EOF if the
// source ends before n. A context that ends stops it behind the step that runs. Package os
// has no such method; its ReadFrom does the like. C function uv_fs_sendfile.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_sendfile
func (f *File) Sendfile(src *File, off, n int64) (int64, error) {
	if src == nil {
		return 0, wrap("sendfile", f.Name(), uv.EINVAL)
	}
	if err := f.hold(); err != nil {
		return 0, wrap("sendfile", f.Name(), err)
	}
	if err := src.hold(); err != nil {
		f.release()
		return 0, wrap("sendfile", src.Name(), err)
	}
	release := func() {
		f.release()
		src.release()
	}
	n, err := wait(f.ctx, f.fs, "sendfile", release, nil, func(l uv.Loop, fn func(int64, error)) (requests.FS, error) {
		return requests.FSSendfileAll(l, f.fd, src.fd, off, n, fn)
	})
	return n, wrap("sendfile", f.name, err)
}

// ReadFrom writes all that r has at the position of f. From a File it copies by
// Sendfile, from its position on, where that works; it ends with that File's
// context, too. C function uv_fs_sendfile.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_sendfile
func (f *File) ReadFrom(r io.Reader) (int64, error) {
	if f == nil || f.file == nil {
		return 0, fs.ErrInvalid
	}
	src, ok := r.(*File)
	if !ok {
		return f.readWrite(r)
	}
	if src == nil || src.file == nil {
		return 0, fs.ErrInvalid
	}
	if done := src.ctx.Done(); done != nil && done != f.ctx.Done() {
		if f.ctx.Done() != nil { // one operation ends with one context: a read with the source's, a write with f's
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
	// Sendfile fails for pipes, files opened to append and those of /proc.
	return f.readWrite(src)
}

// readWrite is ReadFrom by Read and Write alone.
func (f *File) readWrite(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{f}, struct{ io.Reader }{r})
}

// WriteTo writes all that f has from its position on to w; to a File by ReadFrom. C
// function uv_fs_read.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_read
func (f *File) WriteTo(w io.Writer) (int64, error) {
	if f == nil || f.file == nil {
		return 0, fs.ErrInvalid
	}
	if dst, ok := w.(*File); ok {
		return dst.ReadFrom(f)
	}
	return io.Copy(w, struct{ io.Reader }{f})
}
