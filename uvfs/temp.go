package uvfs

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"

	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// The names come from here, and not from uv_fs_mkdtemp and uv_fs_mkstemp, because theirs
// vary at the end only, and package os's where the pattern has a star.

// tempTries is how many names are tried before a directory counts as full.
const tempTries = 10_000

// errSeparator is the error of a pattern that would lead to another directory.
var errSeparator = errors.New("pattern contains path separator")

// MkdirTemp makes a new directory in dir, or with "" in [os.TempDir], and returns its
// path: the pattern with a random number in place of its last star, or at its end. The
// caller removes it. If ctx ends before the caller learns the path, the directory is
// removed. C function uv_fs_mkdir.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_mkdir
func (f *FS) MkdirTemp(ctx context.Context, dir, pattern string) (string, error) {
	var path string
	err := f.tryNames(ctx, "mkdirtemp", dir, pattern, func(name string) error {
		path = name
		remove := func() { _, _ = requests.FSRmdir(f.loop, name, func(error) {}) }
		return wrap("mkdir", name, undo(ctx, f, "mkdir", nil, remove, func(l uv.Loop, fn func(error)) (requests.FS, error) {
			return requests.FSMkdir(l, name, 0o700, fn)
		}))
	})
	if err != nil {
		return "", err
	}
	return path, nil
}

// CreateTemp makes and opens a new file for reading and writing, named as MkdirTemp's
// directories are. The caller removes it. If ctx ends before the caller gets the file, it
// is removed. C function uv_fs_open.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_open
func (f *FS) CreateTemp(ctx context.Context, dir, pattern string) (*File, error) {
	var file *File
	err := f.tryNames(ctx, "createtemp", dir, pattern, func(name string) (err error) {
		file, err = f.open(ctx, name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600, func(fd uintptr) {
			f.discard(fd)
			_, _ = requests.FSUnlink(f.loop, name, func(error) {})
		})
		return err
	})
	return file, err
}

// tryNames calls try with one name after the other until it does not answer that there is
// such a file.
func (f *FS) tryNames(ctx context.Context, op, dir, pattern string, try func(name string) error) error {
	if strings.ContainsRune(pattern, os.PathSeparator) {
		return &fs.PathError{Op: op, Path: pattern, Err: errSeparator}
	}
	if dir == "" {
		dir = os.TempDir()
	}
	prefix, suffix := pattern, ""
	if i := strings.LastIndexByte(pattern, '*'); i >= 0 {
		prefix, suffix = pattern[:i], pattern[i+1:]
	}
	for range tempTries {
		err := try(join(dir, prefix+strconv.FormatUint(uint64(rand.Uint32()), 10)+suffix))
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if missing(err) { // the directory: its name says more than that of the file
			if _, serr := f.Stat(ctx, dir); missing(serr) {
				return serr
			}
		}
		return err
	}
	return &fs.PathError{Op: op, Path: join(dir, prefix+"*"+suffix), Err: fs.ErrExist}
}
