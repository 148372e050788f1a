package requests

import (
	"io"
	"io/fs"
	"math"
	"slices"
	"time"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// All operations on descriptors: EINVAL at once for a nil fn or a negative size
// or offset, EBADF for what cannot be a descriptor, ErrClosed for a closed loop.
// The descriptor must stay open until fn runs: if it is closed meanwhile, its number may
// name another file when the operation begins.

// FSOpen opens a file with the flags of package os and the permissions that it
// gets if it is created. The descriptor is not inherited by children. Opening a
// FIFO occupies a thread of the pool until another process opens its other end. C function
// uv_fs_open.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_open
func FSOpen(l uv.Loop, path string, flags int, mode fs.FileMode, fn func(fd uintptr, err error)) (FS, error) {
	r, err := newFS(l, "fs open", fn != nil, path, "")
	if err != nil {
		return FS{}, err
	}
	r.c.Flags, r.c.Mode = int32(flags), int32(uv.PermBits(mode))
	return r.start(cuv.FSOpen, doneFD(fn))
}

// FSClose closes a descriptor; cancelled, it leaves it open. C function
// uv_fs_close.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_close
func FSClose(l uv.Loop, fd uintptr, fn func(err error)) (FS, error) {
	return fdFS(l, "fs close", cuv.FSClose, fd, doneError(fn), fn != nil)
}

// FSRead reads at an offset in bytes, or with -1 at the file's position, into
// bufs, which are lent until fn runs. n may be less than the length of bufs; io.EOF
// at the end. EINVAL for memory that a read callback borrowed. C function uv_fs_read.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_read
func FSRead(l uv.Loop, fd uintptr, off int64, fn func(n int, err error), bufs ...[]byte) (FS, error) {
	r, err := newFDFS(l, "fs read", fn != nil && off >= -1 && len(bufs) > 0, fd)
	if err != nil {
		return FS{}, err
	}
	for _, p := range bufs {
		if r.core.Ring().InArena(p) {
			return FS{}, r.refuse(uv.EINVAL)
		}
	}
	r.c.Off = off
	return r.start(cuv.FSRead, doneRead(fn), bufs...)
}

// FSWrite writes bufs, which are lent until fn runs, at an offset in bytes, or
// with -1 at the file's position. If the disk fills up midway, fn gets what was
// written and io.ErrShortWrite. Bytes that a read callback borrowed are copied.
// C function uv_fs_write.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_write
func FSWrite(l uv.Loop, fd uintptr, off int64, fn func(n int, err error), bufs ...[]byte) (FS, error) {
	r, err := newFDFS(l, "fs write", fn != nil && off >= -1 && len(bufs) > 0, fd)
	if err != nil {
		return FS{}, err
	}
	r.c.Off = off
	for _, p := range bufs {
		if r.core.Ring().InArena(p) {
			return r.start(cuv.FSWrite, doneWrite(fn), slices.Concat(bufs...))
		}
	}
	return r.start(cuv.FSWrite, doneWrite(fn), bufs...)
}

// FSSendfile copies up to n bytes from an offset of one file to the position of
// another, inside the kernel where it can. fn gets the number of bytes copied: often fewer, see
// FSSendfileAll; 0 at the end. C function uv_fs_sendfile.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_sendfile
func FSSendfile(l uv.Loop, out, in uintptr, off int64, n int, fn func(n int, err error)) (FS, error) {
	r, err := newFDFS(l, "fs sendfile", fn != nil && off >= 0 && n >= 0, out)
	if err != nil {
		return FS{}, err
	}
	if in > math.MaxInt32 {
		return FS{}, r.refuse(uv.EBADF)
	}
	r.c.Source, r.c.Off, r.c.Len = int32(in), off, uint64(n)
	return r.start(cuv.FSSendfile, doneCount(fn))
}

// sendStep is how many bytes FSSendfileAll copies in one step: between two steps it can be
// cancelled, and other operations get the thread.
const sendStep = 32 << 20

// FSSendfileAll is FSSendfile again and again until n bytes are copied, or with
// a negative n until the source ends. fn gets the number copied, with io.EOF if
// the source ended before n. C function uv_fs_sendfile.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_sendfile
func FSSendfileAll(l uv.Loop, out, in uintptr, off, n int64, fn func(n int64, err error)) (FS, error) {
	r, err := newFDFS(l, "fs sendfile", fn != nil && off >= 0, out)
	if err != nil {
		return FS{}, err
	}
	if in > math.MaxInt32 {
		return FS{}, r.refuse(uv.EBADF)
	}
	r.sendAll = sendAll{steps: true, left: n}
	r.c.Source, r.c.Off, r.c.Len = int32(in), off, step(n)
	return r.start(cuv.FSSendfile, doneSent(fn))
}

// step returns how many bytes the next step copies.
func step(left int64) uint64 {
	if left < 0 {
		return sendStep
	}
	return uint64(min(left, sendStep))
}

// sent adds the n bytes of a step to those of FSSendfileAll and starts the next step. It
// reports false if there is none, with the operation's error in err.
func (r *fsRequest) sent(n int64, err *error) bool {
	if n > 0 {
		r.total += n
		if r.left > 0 {
			r.left -= n
		}
		r.c.Off += n
		r.c.Len = step(r.left)
	}
	if n > 0 && r.left != 0 {
		rc := int(uv.ECANCELED)
		if !r.stop {
			rc = r.core.Ring().StartFS(r.c, cuv.FSSendfile, r.slot, r.gen, "", "", nil)
		}
		if rc >= 0 {
			return true
		}
		*err = r.error(rc)
	}
	if *err == nil && n == 0 && r.left > 0 {
		*err = io.EOF
	}
	return false
}

// FSFstat describes an open file. C function uv_fs_fstat.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_fstat
func FSFstat(l uv.Loop, fd uintptr, fn func(st uv.Stat, err error)) (FS, error) {
	return fdFS(l, "fs fstat", cuv.FSFstat, fd, doneStat(fn), fn != nil)
}

// FSFsync writes a file's content and metadata to the disk. C function
// uv_fs_fsync.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_fsync
func FSFsync(l uv.Loop, fd uintptr, fn func(err error)) (FS, error) {
	return fdFS(l, "fs fsync", cuv.FSFsync, fd, doneError(fn), fn != nil)
}

// FSFdatasync is FSFsync without the metadata that reading does not need. C
// function uv_fs_fdatasync.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_fdatasync
func FSFdatasync(l uv.Loop, fd uintptr, fn func(err error)) (FS, error) {
	return fdFS(l, "fs fdatasync", cuv.FSFdatasync, fd, doneError(fn), fn != nil)
}

// fdFS starts an operation that needs nothing but a descriptor.
func fdFS(l uv.Loop, op string, kind int32, fd uintptr, done fsDone, valid bool) (FS, error) {
	r, err := newFDFS(l, op, valid, fd)
	if err != nil {
		return FS{}, err
	}
	return r.start(kind, done)
}

// FSFtruncate sets a file's size in bytes. C function uv_fs_ftruncate.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_ftruncate
func FSFtruncate(l uv.Loop, fd uintptr, size int64, fn func(err error)) (FS, error) {
	r, err := newFDFS(l, "fs ftruncate", fn != nil && size >= 0, fd)
	if err != nil {
		return FS{}, err
	}
	r.c.Len = uint64(size)
	return r.start(cuv.FSFtruncate, doneError(fn))
}

// FSFchmod is FSChmod of an open file. C function uv_fs_fchmod.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_fchmod
func FSFchmod(l uv.Loop, fd uintptr, mode fs.FileMode, fn func(err error)) (FS, error) {
	r, err := newFDFS(l, "fs fchmod", fn != nil, fd)
	if err != nil {
		return FS{}, err
	}
	r.c.Mode = int32(uv.PermBits(mode))
	return r.start(cuv.FSFchmod, doneError(fn))
}

// FSFchown is FSChown of an open file. C function uv_fs_fchown.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_fchown
func FSFchown(l uv.Loop, fd uintptr, uid, gid int, fn func(err error)) (FS, error) {
	r, err := newFDFS(l, "fs fchown", fn != nil && isID(uid) && isID(gid), fd)
	if err != nil {
		return FS{}, err
	}
	r.c.UID, r.c.GID = uint32(uid), uint32(gid)
	return r.start(cuv.FSFchown, doneError(fn))
}

// FSFutime is FSUtime of an open file. C function uv_fs_futime.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_futime
func FSFutime(l uv.Loop, fd uintptr, atime, mtime time.Time, fn func(err error)) (FS, error) {
	r, err := newFDFS(l, "fs futime", fn != nil, fd)
	if err != nil {
		return FS{}, err
	}
	if err := r.times(atime, mtime); err != nil {
		return FS{}, err
	}
	return r.start(cuv.FSFutime, doneError(fn))
}

// times sets the times of FSUtime, FSFutime and FSLutime. If libuv cannot take them it
// releases the request.
func (r *fsRequest) times(atime, mtime time.Time) error {
	var ok [2]bool
	r.c.Atime, ok[0] = seconds(atime)
	r.c.Mtime, ok[1] = seconds(mtime)
	if !ok[0] || !ok[1] {
		return r.refuse(uv.ENOTSUP)
	}
	return nil
}

// wholeTimes tells whether libuv keeps what a time has beyond its microseconds.
var wholeTimes = cuv.VersionHex() >= 0x013400

// seconds returns a time as libuv takes it: seconds in a float64, which is not exact to the
// microsecond. A libuv before 1.52 truncates the value to microseconds, and half a microsecond
// more keeps it at the one that was meant. A newer libuv does not: it gets the least float64
// that is not before the microsecond.
func seconds(t time.Time) (s float64, ok bool) {
	if t.IsZero() {
		return cuv.FSTimeOmit()
	}
	if t.Equal(uv.FileTimeNow()) {
		return cuv.FSTimeNow()
	}
	us := float64(t.UnixMicro())
	s = us / 1e6
	switch {
	case !wholeTimes:
		return s + math.Copysign(0.5e-6, us), true
	case math.FMA(s, 1e6, -us) < 0: // exact, where s*1e6 is rounded
		return math.Nextafter(s, math.Inf(1)), true
	}
	return s, true
}
