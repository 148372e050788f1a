package cuv

// #include <stdlib.h>
// #include "cuv.h"
import "C"

import "unsafe"

// What happened to a file.
const (
	FSEventRename = C.UV_RENAME
	FSEventChange = C.UV_CHANGE
)

// Flags of FSEventStart, and those of them that libuv heeds on this system.
const (
	FSEventWatchEntry = C.UV_FS_EVENT_WATCH_ENTRY
	FSEventStat       = C.UV_FS_EVENT_STAT
	FSEventRecursive  = C.UV_FS_EVENT_RECURSIVE
	FSEventSupported  = C.CUV_FS_EVENT_FLAGS
)

// FSEventStart watches a path. C function uv_fs_event_start.
func (h *Handle) FSEventStart(path string, flags int) int {
	c := C.CString(path)
	defer C.free(unsafe.Pointer(c))
	return int(C.cuv_fs_event_start(h.c(), c, C.uint(flags)))
}

// FSEventStop stops watching. C function uv_fs_event_stop.
func (h *Handle) FSEventStop() int { return int(C.cuv_fs_event_stop(h.c())) }

// FSEventPath returns what is watched. C function uv_fs_event_getpath.
func (h *Handle) FSEventPath() (string, int) {
	return path(func(buf *C.char, n *C.size_t) C.int { return C.cuv_fs_event_path(h.c(), buf, n) })
}

// path calls one of libuv's functions that answer with a path of any length.
func path(get func(buf *C.char, n *C.size_t) C.int) (string, int) {
	for room := 256; ; {
		buf := make([]byte, room)
		n := C.size_t(room)
		rc := get((*C.char)(unsafe.Pointer(&buf[0])), &n)
		switch {
		case rc == C.UV_ENOBUFS && int(n) > room:
			room = int(n)
		case rc < 0:
			return "", int(rc)
		default:
			return string(buf[:n]), 0
		}
	}
}

// FSEvents returns what an EvFSEvent tells of the file: FSEventRename, FSEventChange.
func (e *Event) FSEvents() uint32 { return uint32(e.aux) }

// Name returns the name in an EvFSEvent: borrowed until the turn ends.
func (e *Event) Name() []byte { return unsafe.Slice((*byte)(e.ptr), int(e.aux>>32)) }
