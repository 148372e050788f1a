package cuv

// #include <stdlib.h>
// #include "cuv.h"
import "C"

import "unsafe"

// FSPollStart looks at a path every so many milliseconds, from now on. C
// function uv_fs_poll_start.
func (h *Handle) FSPollStart(path string, intervalMS uint32) int {
	c := C.CString(path)
	defer C.free(unsafe.Pointer(c))
	return int(C.cuv_fs_poll_start(h.c(), c, C.uint(intervalMS)))
}

// FSPollStop stops looking. C function uv_fs_poll_stop.
func (h *Handle) FSPollStop() int { return int(C.cuv_fs_poll_stop(h.c())) }

// FSPollPath returns what is looked at. C function uv_fs_poll_getpath.
func (h *Handle) FSPollPath() (string, int) {
	return path(func(buf *C.char, n *C.size_t) C.int { return C.cuv_fs_poll_path(h.c(), buf, n) })
}

// Stats returns the file's status before and now of an EvFSPoll: borrowed until
// the turn ends, nil for want of memory.
func (e *Event) Stats() *[2]Stat { return (*[2]Stat)(e.ptr) }
