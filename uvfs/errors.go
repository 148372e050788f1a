package uvfs

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/uv"
)

// wrap makes an error of the form that package os gives it: a *fs.PathError, but for
// the errors that package os returns as they are.
func wrap(op, path string, err error) error {
	switch err = reason(err); err {
	case nil, io.EOF, io.ErrShortWrite, fs.ErrInvalid:
		return err
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}

// wrapLink is wrap of an operation on two paths.
func wrapLink(op, path, newPath string, err error) error {
	if err = reason(err); err == nil {
		return nil
	}
	return &os.LinkError{Op: op, Old: path, New: newPath, Err: err}
}

// reason returns an error without the call's name and path, which wrap adds itself.
func reason(err error) error {
	var e *uv.Error
	if errors.As(err, &e) {
		return e.Errno
	}
	var o *uv.OpError
	if errors.As(err, &o) {
		return o.Err
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// loopClosed tells whether an operation was refused because its loop is closed.
func loopClosed(err error) bool { return errors.Is(err, uv.ErrClosed) }

// missing tells whether there is no such file.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// sysErr makes a system call's error one of libuv's, nil of nil.
func sysErr(err error) error {
	var no unix.Errno
	if errors.As(err, &no) {
		return uv.Errno(-int32(no))
	}
	return err
}
