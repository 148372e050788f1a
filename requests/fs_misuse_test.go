package requests_test

import (
	"io/fs"
	"iter"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// collectErr makes a callback for entries of one for errors.
func collectErr(fn func(error)) func(iter.Seq[uv.Dirent], error) {
	if fn == nil {
		return nil
	}
	return func(_ iter.Seq[uv.Dirent], err error) { fn(err) }
}

// with makes a callback with a result of one for errors.
func with[T any](fn func(error)) func(T, error) {
	if fn == nil {
		return nil
	}
	return func(_ T, err error) { fn(err) }
}

// starters begin one operation each. A nil fn becomes a nil callback.
type starters map[string]func(fn func(error)) (requests.FS, error)

// pathOperations are those that look at one path.
func pathOperations(l uv.Loop, path string) starters {
	at := time.Unix(1, 0)
	mkstemp := func(fn func(error)) (requests.FS, error) {
		if fn == nil {
			return requests.FSMkstemp(l, path, nil)
		}
		return requests.FSMkstemp(l, path, func(_ uintptr, _ string, err error) { fn(err) })
	}
	return starters{
		"open": func(fn func(error)) (requests.FS, error) {
			return requests.FSOpen(l, path, os.O_RDONLY, 0, with[uintptr](fn))
		},
		"stat":   func(fn func(error)) (requests.FS, error) { return requests.FSStat(l, path, with[uv.Stat](fn)) },
		"lstat":  func(fn func(error)) (requests.FS, error) { return requests.FSLstat(l, path, with[uv.Stat](fn)) },
		"statfs": func(fn func(error)) (requests.FS, error) { return requests.FSStatfs(l, path, with[uv.Statfs](fn)) },
		"unlink": func(fn func(error)) (requests.FS, error) { return requests.FSUnlink(l, path, fn) },
		"rmdir":  func(fn func(error)) (requests.FS, error) { return requests.FSRmdir(l, path, fn) },
		"mkdir":  func(fn func(error)) (requests.FS, error) { return requests.FSMkdir(l, path, 0o700, fn) },
		"mkdtemp": func(fn func(error)) (requests.FS, error) {
			return requests.FSMkdtemp(l, path, with[string](fn))
		},
		"mkstemp":  mkstemp,
		"readlink": func(fn func(error)) (requests.FS, error) { return requests.FSReadlink(l, path, with[string](fn)) },
		"realpath": func(fn func(error)) (requests.FS, error) { return requests.FSRealpath(l, path, with[string](fn)) },
		"chmod":    func(fn func(error)) (requests.FS, error) { return requests.FSChmod(l, path, 0o600, fn) },
		"access":   func(fn func(error)) (requests.FS, error) { return requests.FSAccess(l, path, requests.AccessRead, fn) },
		"chown":    func(fn func(error)) (requests.FS, error) { return requests.FSChown(l, path, -1, -1, fn) },
		"lchown":   func(fn func(error)) (requests.FS, error) { return requests.FSLchown(l, path, -1, -1, fn) },
		"utime":    func(fn func(error)) (requests.FS, error) { return requests.FSUtime(l, path, at, at, fn) },
		"lutime":   func(fn func(error)) (requests.FS, error) { return requests.FSLutime(l, path, at, at, fn) },
		"rename":   func(fn func(error)) (requests.FS, error) { return requests.FSRename(l, path, path+"-new", fn) },
		"link":     func(fn func(error)) (requests.FS, error) { return requests.FSLink(l, path, path+"-link", fn) },
		"symlink":  func(fn func(error)) (requests.FS, error) { return requests.FSSymlink(l, "target", path, fn) },
		"copyfile": func(fn func(error)) (requests.FS, error) {
			return requests.FSCopyfile(l, path, path+"-copy", 0, fn)
		},
		"scandir": func(fn func(error)) (requests.FS, error) { return requests.FSScandir(l, path, collectErr(fn)) },
		"opendir": func(fn func(error)) (requests.FS, error) { return requests.FSOpendir(l, path, with[*requests.Dir](fn)) },
	}
}

// fdOperations are those on a descriptor.
func fdOperations(l uv.Loop, fd uintptr, buf []byte) starters {
	at := time.Unix(1, 0)
	return starters{
		"close": func(fn func(error)) (requests.FS, error) { return requests.FSClose(l, fd, fn) },
		"read":  func(fn func(error)) (requests.FS, error) { return requests.FSRead(l, fd, 0, with[int](fn), buf) },
		"write": func(fn func(error)) (requests.FS, error) { return requests.FSWrite(l, fd, 0, with[int](fn), buf) },
		"write of many": func(fn func(error)) (requests.FS, error) {
			return requests.FSWrite(l, fd, 0, with[int](fn), buf, buf, buf, buf, buf, buf)
		},
		"sendfile": func(fn func(error)) (requests.FS, error) { return requests.FSSendfile(l, fd, fd, 0, 1, with[int](fn)) },
		"sendfile all": func(fn func(error)) (requests.FS, error) {
			return requests.FSSendfileAll(l, fd, fd, 0, 1, with[int64](fn))
		},
		"fstat":     func(fn func(error)) (requests.FS, error) { return requests.FSFstat(l, fd, with[uv.Stat](fn)) },
		"fsync":     func(fn func(error)) (requests.FS, error) { return requests.FSFsync(l, fd, fn) },
		"fdatasync": func(fn func(error)) (requests.FS, error) { return requests.FSFdatasync(l, fd, fn) },
		"ftruncate": func(fn func(error)) (requests.FS, error) { return requests.FSFtruncate(l, fd, 0, fn) },
		"fchmod":    func(fn func(error)) (requests.FS, error) { return requests.FSFchmod(l, fd, 0, fn) },
		"fchown":    func(fn func(error)) (requests.FS, error) { return requests.FSFchown(l, fd, -1, -1, fn) },
		"futime":    func(fn func(error)) (requests.FS, error) { return requests.FSFutime(l, fd, at, at, fn) },
	}
}

// everyOperation joins both.
func everyOperation(l uv.Loop, path string, fd uintptr, buf []byte) starters {
	all := fdOperations(l, fd, buf)
	for name, start := range pathOperations(l, path) {
		all[name] = start
	}
	return all
}

// refused fails the test unless the call fails at once with want.
func refused(t *testing.T, what string, want error, start func(fn func(error)) (requests.FS, error), nilFn bool) {
	t.Helper()
	fn := func(err error) { t.Errorf("%s: the callback runs: %v", what, err) }
	if nilFn {
		fn = nil
	}
	op, err := start(fn)
	uvtest.IsErr(t, what, err, want)
	uvtest.IsErr(t, what+": cancel", op.Cancel(), uv.EBUSY)
}

// TestFSMisuse: what makes no sense fails at once, without a callback, and
// leaves nothing behind.
func TestFSMisuse(t *testing.T) {
	l := looptest.New(t)
	buf := make([]byte, 1)
	for name, start := range everyOperation(l, "/no/such/file", 0, buf) {
		refused(t, name+" without a callback", fs.ErrInvalid, start, true)
	}
	for name, start := range everyOperation(nil, "/no/such/file", 0, buf) {
		refused(t, name+" without a loop", uv.EINVAL, start, false)
	}
	for name, start := range pathOperations(l, "/tmp/a\x00b") {
		if name != "symlink" {
			refused(t, name+" of a path with a NUL", uv.EINVAL, start, false)
		}
	}
	for name, start := range fdOperations(l, ^uintptr(0), buf) {
		refused(t, name+" of no descriptor", uv.EBADF, start, false)
	}
	nop, nopInt, nopInt64 := func(error) {}, func(int, error) {}, func(int64, error) {}
	zero := time.Time{}
	now := time.Now()
	for name, call := range map[string]func() (requests.FS, error){
		"rename to a NUL":         func() (requests.FS, error) { return requests.FSRename(l, "a", "b\x00", nop) },
		"symlink at a NUL":        func() (requests.FS, error) { return requests.FSSymlink(l, "a", "b\x00", nop) },
		"symlink to a NUL":        func() (requests.FS, error) { return requests.FSSymlink(l, "a\x00", "b", nop) },
		"access mode":             func() (requests.FS, error) { return requests.FSAccess(l, "/", 8, nop) },
		"copyfile flags":          func() (requests.FS, error) { return requests.FSCopyfile(l, "a", "b", 64, nop) },
		"chown to -2":             func() (requests.FS, error) { return requests.FSChown(l, "/", -2, 0, nop) },
		"lchown to a large group": func() (requests.FS, error) { return requests.FSLchown(l, "/", 0, 1<<32, nop) },
		"fchown to -2":            func() (requests.FS, error) { return requests.FSFchown(l, 0, 0, -2, nop) },
		"negative size":           func() (requests.FS, error) { return requests.FSFtruncate(l, 0, -1, nop) },
		"read at -2":              func() (requests.FS, error) { return requests.FSRead(l, 0, -2, nopInt, buf) },
		"read into nothing":       func() (requests.FS, error) { return requests.FSRead(l, 0, 0, nopInt) },
		"write at -2":             func() (requests.FS, error) { return requests.FSWrite(l, 0, -2, nopInt, buf) },
		"write of nothing":        func() (requests.FS, error) { return requests.FSWrite(l, 0, 0, nopInt) },
		"sendfile from -1":        func() (requests.FS, error) { return requests.FSSendfile(l, 0, 0, -1, 1, nopInt) },
		"sendfile of -1":          func() (requests.FS, error) { return requests.FSSendfile(l, 0, 0, 0, -1, nopInt) },
		"sendfile all from -1":    func() (requests.FS, error) { return requests.FSSendfileAll(l, 0, 0, -1, 1, nopInt64) },
		"readdir of nothing":      func() (requests.FS, error) { return requests.FSReaddir(l, nil, 1, collectErr(nop)) },
		"readdir of a zero Dir":   func() (requests.FS, error) { return requests.FSReaddir(l, new(requests.Dir), 1, collectErr(nop)) },
		"closedir of nothing":     func() (requests.FS, error) { return requests.FSClosedir(l, nil, nop) },
	} {
		refused(t, name, fs.ErrInvalid, func(func(error)) (requests.FS, error) { return call() }, false)
	}
	if strings.HasPrefix(uvgo.Version(), "1.50.") || strings.HasPrefix(uvgo.Version(), "1.4") {
		_, err := requests.FSUtime(l, "/", zero, now, nop)
		uvtest.IsErr(t, "utime of one time", err, uv.ENOTSUP)
		_, err = requests.FSFutime(l, 0, now, zero, nop)
		uvtest.IsErr(t, "futime of one time", err, uv.ENOTSUP)
	}
	_, err := requests.FSSendfile(l, 0, 1<<40, 0, 1, nopInt)
	uvtest.IsErr(t, "sendfile from no descriptor", err, uv.EBADF)
	if l.Alive() {
		t.Error("refused operations keep the loop alive")
	}
}

// TestFSOnAClosedLoop: every operation is refused.
func TestFSOnAClosedLoop(t *testing.T) {
	l := looptest.New(t)
	d := uvtest.Must(await(t, l, func(fn func(*requests.Dir, error)) (requests.FS, error) { return requests.FSOpendir(l, "/", fn) }))
	uvtest.Check(t, l.Close())
	all := everyOperation(l, "/no/such/file", 0, make([]byte, 1))
	all["readdir"] = func(fn func(error)) (requests.FS, error) { return requests.FSReaddir(l, d, 1, collectErr(fn)) }
	all["closedir"] = func(fn func(error)) (requests.FS, error) { return requests.FSClosedir(l, d, fn) }
	for name, start := range all {
		refused(t, name+" on a closed loop", uv.ErrClosed, start, false)
	}
	uvtest.Check(t, d.Close()) // the one thing that a directory can do without its loop
	uvtest.IsErr(t, "close again", d.Close(), fs.ErrClosed)
	uvtest.IsErr(t, "close of a zero Dir", new(requests.Dir).Close(), uv.EINVAL)
	uvtest.IsErr(t, "close of no Dir", (*requests.Dir)(nil).Close(), uv.EINVAL)
}

// TestFSDirOfAnotherLoop: a directory stays with its loop, and what it is asked
// must make sense.
func TestFSDirOfAnotherLoop(t *testing.T) {
	l, other := looptest.New(t), looptest.New(t)
	d := uvtest.Must(await(t, l, func(fn func(*requests.Dir, error)) (requests.FS, error) { return requests.FSOpendir(l, "/", fn) }))
	_, err := requests.FSReaddir(other, d, 1, collectErr(func(error) {}))
	uvtest.IsErr(t, "readdir on another loop", err, uv.EINVAL)
	_, err = requests.FSClosedir(other, d, func(error) {})
	uvtest.IsErr(t, "closedir on another loop", err, uv.EINVAL)
	for _, n := range []int{0, -1} {
		_, err = requests.FSReaddir(l, d, n, collectErr(func(error) {}))
		uvtest.IsErr(t, "readdir of no entries", err, uv.EINVAL)
	}
	_, err = requests.FSReaddir(l, d, 1, nil)
	uvtest.IsErr(t, "readdir without a callback", err, uv.EINVAL)
	_, err = requests.FSClosedir(l, d, nil)
	uvtest.IsErr(t, "closedir without a callback", err, uv.EINVAL)
	uvtest.Check(t, awaitErr(t, l, func(fn func(error)) (requests.FS, error) { return requests.FSClosedir(l, d, fn) }))
}
