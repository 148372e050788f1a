package requests

import (
	"io/fs"
	"time"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// All operations on paths: EINVAL at once for a nil fn and for a path with a
// NUL byte, ErrClosed for a closed loop. The system's errors come to fn.

// FSStat describes a file, behind symbolic links. C function uv_fs_stat.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_stat
func FSStat(l uv.Loop, path string, fn func(st uv.Stat, err error)) (FS, error) {
	return pathFS(l, "fs stat", cuv.FSStat, path, doneStat(fn), fn != nil)
}

// FSLstat is FSStat of a symbolic link itself. C function uv_fs_lstat.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_lstat
func FSLstat(l uv.Loop, path string, fn func(st uv.Stat, err error)) (FS, error) {
	return pathFS(l, "fs lstat", cuv.FSLstat, path, doneStat(fn), fn != nil)
}

// FSStatfs describes the file system that a path lies on. C function
// uv_fs_statfs.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_statfs
func FSStatfs(l uv.Loop, path string, fn func(st uv.Statfs, err error)) (FS, error) {
	return pathFS(l, "fs statfs", cuv.FSStatfs, path, doneStatfs(fn), fn != nil)
}

// FSUnlink removes a file or symbolic link, but no directory. C function uv_fs_unlink.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_unlink
func FSUnlink(l uv.Loop, path string, fn func(err error)) (FS, error) {
	return pathFS(l, "fs unlink", cuv.FSUnlink, path, doneError(fn), fn != nil)
}

// FSRmdir removes an empty directory. C function uv_fs_rmdir.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_rmdir
func FSRmdir(l uv.Loop, path string, fn func(err error)) (FS, error) {
	return pathFS(l, "fs rmdir", cuv.FSRmdir, path, doneError(fn), fn != nil)
}

// FSMkdtemp makes a directory whose name is a template that ends in XXXXXX, with other
// characters in place of the six. fn gets the name. EINVAL for another template. C function uv_fs_mkdtemp.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_mkdtemp
func FSMkdtemp(l uv.Loop, template string, fn func(path string, err error)) (FS, error) {
	return pathFS(l, "fs mkdtemp", cuv.FSMkdtemp, template, doneText(fn), fn != nil)
}

// FSMkstemp makes and opens a file, named as FSMkdtemp's directories are. EINVAL
// for another template. C function uv_fs_mkstemp.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_mkstemp
func FSMkstemp(l uv.Loop, template string, fn func(fd uintptr, path string, err error)) (FS, error) {
	return pathFS(l, "fs mkstemp", cuv.FSMkstemp, template, doneTemp(fn), fn != nil)
}

// FSReadlink returns what a symbolic link points to. C function uv_fs_readlink.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_readlink
func FSReadlink(l uv.Loop, path string, fn func(target string, err error)) (FS, error) {
	return pathFS(l, "fs readlink", cuv.FSReadlink, path, doneText(fn), fn != nil)
}

// FSRealpath makes a path absolute and free of symbolic links. C function
// uv_fs_realpath.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_realpath
func FSRealpath(l uv.Loop, path string, fn func(real string, err error)) (FS, error) {
	return pathFS(l, "fs realpath", cuv.FSRealpath, path, doneText(fn), fn != nil)
}

// pathFS starts an operation that needs nothing but a path.
func pathFS(l uv.Loop, op string, kind int32, path string, done fsDone, valid bool) (FS, error) {
	r, err := newFS(l, op, valid, path, "")
	if err != nil {
		return FS{}, err
	}
	return r.start(kind, done)
}

// FSMkdir makes a directory. C function uv_fs_mkdir.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_mkdir
func FSMkdir(l uv.Loop, path string, mode fs.FileMode, fn func(err error)) (FS, error) {
	return modeFS(l, "fs mkdir", cuv.FSMkdir, path, mode, fn)
}

// FSChmod sets a file's permissions, setuid, setgid and sticky bits. C function
// uv_fs_chmod.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_chmod
func FSChmod(l uv.Loop, path string, mode fs.FileMode, fn func(err error)) (FS, error) {
	return modeFS(l, "fs chmod", cuv.FSChmod, path, mode, fn)
}

func modeFS(l uv.Loop, op string, kind int32, path string, mode fs.FileMode, fn func(error)) (FS, error) {
	r, err := newFS(l, op, fn != nil, path, "")
	if err != nil {
		return FS{}, err
	}
	r.c.Mode = int32(uv.PermBits(mode))
	return r.start(kind, doneError(fn))
}

// An AccessMode is a set of permissions that FSAccess asks for.
type AccessMode int

// The permissions of FSAccess.
const (
	AccessExists  AccessMode = 0 // none: whether there is such a file
	AccessExecute AccessMode = 1
	AccessWrite   AccessMode = 2
	AccessRead    AccessMode = 4

	accessAll = AccessExecute | AccessWrite | AccessRead
)

// FSAccess asks whether the process has permissions for a file: EACCES if it has not.
// EINVAL for an unknown mode. C function
// uv_fs_access.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_access
func FSAccess(l uv.Loop, path string, mode AccessMode, fn func(err error)) (FS, error) {
	r, err := newFS(l, "fs access", fn != nil && mode&^accessAll == 0, path, "")
	if err != nil {
		return FS{}, err
	}
	r.c.Flags = int32(mode)
	return r.start(cuv.FSAccess, doneError(fn))
}

// FSChown sets a file's owner and group; -1 leaves one as it is. C function
// uv_fs_chown.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_chown
func FSChown(l uv.Loop, path string, uid, gid int, fn func(err error)) (FS, error) {
	return chownFS(l, "fs chown", cuv.FSChown, path, uid, gid, fn)
}

// FSLchown is FSChown of a symbolic link itself. C function uv_fs_lchown.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_lchown
func FSLchown(l uv.Loop, path string, uid, gid int, fn func(err error)) (FS, error) {
	return chownFS(l, "fs lchown", cuv.FSLchown, path, uid, gid, fn)
}

func chownFS(l uv.Loop, op string, kind int32, path string, uid, gid int, fn func(error)) (FS, error) {
	r, err := newFS(l, op, fn != nil && isID(uid) && isID(gid), path, "")
	if err != nil {
		return FS{}, err
	}
	r.c.UID, r.c.GID = uint32(uid), uint32(gid)
	return r.start(kind, doneError(fn))
}

// isID tells whether libuv can take the number of an owner or group, -1 among them.
func isID(id int) bool { return id >= -1 && int64(id) < 1<<32-1 }

// FSUtime sets a file's times, to the microsecond: libuv takes them as floating point, and a
// libuv from 1.52 on adds what that leaves over, less than 300 nanoseconds. A zero time leaves one
// as it is, and [uv.FileTimeNow] is the moment in which the system sets it: ENOTSUP for both
// before libuv 1.51. C function uv_fs_utime.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_utime
func FSUtime(l uv.Loop, path string, atime, mtime time.Time, fn func(err error)) (FS, error) {
	return timeFS(l, "fs utime", cuv.FSUtime, path, atime, mtime, fn)
}

// FSLutime is FSUtime of a symbolic link itself. C function uv_fs_lutime.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_lutime
func FSLutime(l uv.Loop, path string, atime, mtime time.Time, fn func(err error)) (FS, error) {
	return timeFS(l, "fs lutime", cuv.FSLutime, path, atime, mtime, fn)
}

func timeFS(l uv.Loop, op string, kind int32, path string, atime, mtime time.Time, fn func(error)) (FS, error) {
	r, err := newFS(l, op, fn != nil, path, "")
	if err != nil {
		return FS{}, err
	}
	if err := r.times(atime, mtime); err != nil {
		return FS{}, err
	}
	return r.start(kind, doneError(fn))
}

// FSRename renames a file, replacing what the new path names. C function
// uv_fs_rename.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_rename
func FSRename(l uv.Loop, path, newPath string, fn func(err error)) (FS, error) {
	return pathsFS(l, "fs rename", cuv.FSRename, path, newPath, 0, fn, true)
}

// FSLink makes newPath another name of the file. C function uv_fs_link.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_link
func FSLink(l uv.Loop, path, newPath string, fn func(err error)) (FS, error) {
	return pathsFS(l, "fs link", cuv.FSLink, path, newPath, 0, fn, true)
}

// FSSymlink makes newPath a symbolic link to target. C function uv_fs_symlink.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_symlink
func FSSymlink(l uv.Loop, target, newPath string, fn func(err error)) (FS, error) {
	return pathsFS(l, "fs symlink", cuv.FSSymlink, target, newPath, 0, fn, true)
}

// A CopyFlag is a set of flags of FSCopyfile.
type CopyFlag int

// The flags of FSCopyfile.
const (
	CopyExcl       CopyFlag = cuv.CopyfileExcl         // EEXIST if the destination exists
	CopyClone      CopyFlag = cuv.CopyfileFiclone      // share blocks where the file system can
	CopyCloneForce CopyFlag = cuv.CopyfileFicloneForce // share the blocks, or fail

	copyAll = CopyExcl | CopyClone | CopyCloneForce
)

// FSCopyfile copies a file's content, permissions and times; the owner too, where
// that is allowed. It copies up to the end that reading finds, not the
// size that the system states, which is 0 below /proc. Of devices and FIFOs it copies
// nothing. A copy that fails removes the destination. EINVAL for unknown
// flags. C function uv_fs_copyfile.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_copyfile
func FSCopyfile(l uv.Loop, path, newPath string, flags CopyFlag, fn func(err error)) (FS, error) {
	return pathsFS(l, "fs copyfile", cuv.FSCopyfile, path, newPath, flags, fn, flags&^copyAll == 0)
}

func pathsFS(l uv.Loop, op string, kind int32, path, newPath string, flags CopyFlag, fn func(error), valid bool) (FS, error) {
	r, err := newFS(l, op, fn != nil && valid, path, newPath)
	if err != nil {
		return FS{}, err
	}
	r.c.Flags = int32(flags)
	return r.start(kind, doneError(fn))
}
