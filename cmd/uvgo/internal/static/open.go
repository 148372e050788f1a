package static

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// open opens a regular file. What else has the name is not opened, because that may wait (a named pipe) or act (a
// device).
func open(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	info, err := root.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, nil, err
	}
	return openRegular(root, name)
}

// openRegular opens what was a regular file just now. If another thing has come into its place, O_NONBLOCK keeps the
// call from waiting.
func openRegular(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		_ = file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

// notFound tells whether an error of opening means that there is nothing to serve: nothing has the name, or a link
// leads out of the root, for which os.Root has an error of its own.
func notFound(err error) bool {
	for _, none := range []error{fs.ErrNotExist, syscall.ENOTDIR, syscall.ENAMETOOLONG, syscall.ELOOP, syscall.ENXIO} {
		if errors.Is(err, none) {
			return true
		}
	}
	return !errors.As(err, new(syscall.Errno))
}
