package cuv

// #cgo nocallback cuv_fs_start
// #cgo noescape cuv_fs_start
// #cgo nocallback cuv_fs_release
// #cgo noescape cuv_fs_release
// #include "fs.h"
import "C"

import (
	"runtime"
	"sync"
	"unsafe"
)

// The file operations, uv_fs_type.
const (
	FSOpen      int32 = C.UV_FS_OPEN
	FSClose     int32 = C.UV_FS_CLOSE
	FSRead      int32 = C.UV_FS_READ
	FSWrite     int32 = C.UV_FS_WRITE
	FSSendfile  int32 = C.UV_FS_SENDFILE
	FSStat      int32 = C.UV_FS_STAT
	FSLstat     int32 = C.UV_FS_LSTAT
	FSFstat     int32 = C.UV_FS_FSTAT
	FSFtruncate int32 = C.UV_FS_FTRUNCATE
	FSUtime     int32 = C.UV_FS_UTIME
	FSFutime    int32 = C.UV_FS_FUTIME
	FSLutime    int32 = C.UV_FS_LUTIME
	FSAccess    int32 = C.UV_FS_ACCESS
	FSChmod     int32 = C.UV_FS_CHMOD
	FSFchmod    int32 = C.UV_FS_FCHMOD
	FSFsync     int32 = C.UV_FS_FSYNC
	FSFdatasync int32 = C.UV_FS_FDATASYNC
	FSUnlink    int32 = C.UV_FS_UNLINK
	FSRmdir     int32 = C.UV_FS_RMDIR
	FSMkdir     int32 = C.UV_FS_MKDIR
	FSMkdtemp   int32 = C.UV_FS_MKDTEMP
	FSMkstemp   int32 = C.UV_FS_MKSTEMP
	FSRename    int32 = C.UV_FS_RENAME
	FSScandir   int32 = C.UV_FS_SCANDIR
	FSLink      int32 = C.UV_FS_LINK
	FSSymlink   int32 = C.UV_FS_SYMLINK
	FSReadlink  int32 = C.UV_FS_READLINK
	FSRealpath  int32 = C.UV_FS_REALPATH
	FSChown     int32 = C.UV_FS_CHOWN
	FSFchown    int32 = C.UV_FS_FCHOWN
	FSLchown    int32 = C.UV_FS_LCHOWN
	FSCopyfile  int32 = C.UV_FS_COPYFILE
	FSStatfs    int32 = C.UV_FS_STATFS
	FSOpendir   int32 = C.UV_FS_OPENDIR
	FSReaddir   int32 = C.UV_FS_READDIR
	FSClosedir  int32 = C.UV_FS_CLOSEDIR
)

// Flags of FSCopyfile and what a directory entry is.
const (
	CopyfileExcl         = C.UV_FS_COPYFILE_EXCL
	CopyfileFiclone      = C.UV_FS_COPYFILE_FICLONE
	CopyfileFicloneForce = C.UV_FS_COPYFILE_FICLONE_FORCE

	DirentUnknown = C.UV_DIRENT_UNKNOWN
	DirentFile    = C.UV_DIRENT_FILE
	DirentDir     = C.UV_DIRENT_DIR
	DirentLink    = C.UV_DIRENT_LINK
	DirentFIFO    = C.UV_DIRENT_FIFO
	DirentSocket  = C.UV_DIRENT_SOCKET
	DirentChar    = C.UV_DIRENT_CHAR
	DirentBlock   = C.UV_DIRENT_BLOCK
)

// An FSRequest mirrors the first part of cuv_fs_req. It belongs to Go until
// StartFS and again from its completion to ReleaseFS.
type FSRequest struct {
	slot, gen uint32
	kind      int32
	FD        int32
	Flags     int32
	Mode      int32
	UID, GID  uint32
	Source    int32  // sendfile: the descriptor to read
	Entries   uint32 // readdir: how many at most
	Off       int64
	Len       uint64
	Atime     float64 // seconds
	Mtime     float64
	Dir       *Dir

	Result int64
	data   unsafe.Pointer
	size   uint64
	held   uint32
	state  uint32
	next   *FSRequest
}

// A Dir is a uv_dir_t, from opendir to closedir.
type Dir struct{ _ [0]byte }

// Close closes the directory in the calling thread, without a loop. C function
// uv_fs_closedir.
func (d *Dir) Close() { C.cuv_dir_close((*C.uv_dir_t)(unsafe.Pointer(d))) }

// noURing runs before the first loop. C function uv_version.
var noURing = sync.OnceFunc(func() { C.cuv_fs_no_uring() })

// fsState is what a loop keeps for file operations: requests that are free, and
// memory in which arguments cross.
type fsState struct {
	free  *FSRequest
	n     int
	paths []byte
	bufs  []uvBuf
}

// keepFS is how many free requests a loop keeps.
const keepFS = 256

func (r *FSRequest) c() *C.cuv_fs_req { return (*C.cuv_fs_req)(unsafe.Pointer(r)) }

// NewFS returns a request to be filled in and started, nil without memory.
func (l *Loop) NewFS() *FSRequest {
	r := l.fs.free
	if r == nil {
		return (*FSRequest)(unsafe.Pointer(C.cuv_fs_new()))
	}
	l.fs.free = r.next
	l.fs.n--
	r.next = nil
	return r
}

// StartFS starts an operation for the Go request in slot: libuv's error, in
// which case there is no completion. Paths have no NUL and are copied; bufs,
// pinned, are lent. C functions uv_fs_*.
func (l *Loop) StartFS(r *FSRequest, kind int32, slot, gen uint32, path, newPath string, bufs [][]byte) int {
	r.kind, r.slot, r.gen = kind, slot, gen
	s := &l.fs
	s.paths = append(append(append(append(s.paths[:0], path...), 0), newPath...), 0)
	s.bufs = s.bufs[:0]
	for _, p := range bufs {
		s.bufs = append(s.bufs, bufOf(p))
	}
	a, b := (*C.char)(unsafe.Pointer(&s.paths[0])), (*C.char)(unsafe.Pointer(&s.paths[len(path)+1]))
	rc := C.cuv_fs_start(l.c(), r.c(), a, b, (*C.uintptr_t)(unsafe.Pointer(unsafe.SliceData(s.bufs))), C.uint(len(bufs)))
	runtime.KeepAlive(bufs)
	if cap(s.paths) > 64<<10 {
		s.paths = nil
	}
	return int(rc)
}

// CancelFS takes a request out of the pool's queue, EBUSY if it has left it. C
// function uv_cancel.
func (l *Loop) CancelFS(r *FSRequest) int { return int(C.cuv_fs_cancel(r.c())) }

// ReleaseFS ends the use of a request that has completed or never started.
func (l *Loop) ReleaseFS(r *FSRequest) {
	if r.held != 0 {
		C.cuv_fs_release(r.c())
	}
	if l.fs.n == keepFS {
		C.cuv_fs_free(r.c())
		return
	}
	r.next = l.fs.free
	l.fs.free = r
	l.fs.n++
}

// freeFS frees the requests that the loop keeps.
func (l *Loop) freeFS() {
	for r := l.fs.free; r != nil; {
		next := r.next
		C.cuv_fs_free(r.c())
		r = next
	}
	l.fs = fsState{}
}

// FSTimeOmit returns the time that leaves a file's alone, false if libuv has
// none yet.
func FSTimeOmit() (s float64, ok bool) {
	return float64(C.cuv_fs_time_omit()), C.cuv_fs_can_omit != 0
}

// FSTimeNow returns the time that stands for the moment in which it is set, false if libuv
// has none yet.
func FSTimeNow() (s float64, ok bool) {
	return float64(C.cuv_fs_time_now()), C.cuv_fs_can_omit != 0
}

// FS returns the request of an EvFS.
func (e *Event) FS() *FSRequest { return (*FSRequest)(e.ptr) }

// Stat returns what stat found, valid until ReleaseFS.
func (r *FSRequest) Stat() *Stat { return (*Stat)(r.data) }

// Statfs returns what statfs found, valid until ReleaseFS.
func (r *FSRequest) Statfs() *Statfs { return (*Statfs)(r.data) }

// Text returns the string that readlink, realpath, mkdtemp or mkstemp found.
func (r *FSRequest) Text() string { return string(r.Packed()) }

// Packed returns the entries that scandir or readdir found, valid until
// ReleaseFS: the type, the name and a NUL each.
func (r *FSRequest) Packed() []byte { return unsafe.Slice((*byte)(r.data), int(r.size)) }
