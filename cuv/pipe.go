package cuv

// #include <stdlib.h>
// #include "stream.h"
import "C"

import "unsafe"

// What a stream can do with the descriptor that it was given.
const (
	CanRead  = 1
	CanWrite = 2
)

// PipeOpen hands a descriptor over to the handle and returns what it can do, or
// libuv's error. C function uv_pipe_open.
func (h *Handle) PipeOpen(fd int) int { return int(C.cuv_pipe_open(h.c(), C.int(fd))) }

// PipeBind binds to a path or an abstract name. C functions uv_pipe_bind and
// uv_pipe_bind2.
func (h *Handle) PipeBind(name string) int {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	return int(C.cuv_pipe_bind(h.c(), c, C.size_t(len(name))))
}

// PipeConnect starts connecting for the request in slot. C functions
// uv_pipe_connect and uv_pipe_connect2.
func (h *Handle) PipeConnect(name string, slot, gen uint32) int {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	return int(C.cuv_pipe_connect(h.c(), c, C.size_t(len(name)), C.uint32_t(slot), C.uint32_t(gen)))
}

// PipeName returns the handle's or its peer's path. C functions
// uv_pipe_getsockname and uv_pipe_getpeername.
func (h *Handle) PipeName(peer bool) (string, int) {
	var buf [256]C.char
	n := C.size_t(len(buf))
	rc := C.cuv_pipe_sockname(h.c(), cint(peer), &buf[0], &n)
	if rc != 0 {
		return "", int(rc)
	}
	return C.GoStringN(&buf[0], C.int(n)), 0
}

// Permissions of PipeChmod.
const (
	PipeReadable = C.UV_READABLE
	PipeWritable = C.UV_WRITABLE
)

// PipeChmod opens a bound path to other users. C function uv_pipe_chmod.
func (h *Handle) PipeChmod(flags int) int { return int(C.cuv_pipe_chmod(h.c(), C.int(flags))) }

// PipePair makes an anonymous pipe of two descriptors, to read from and to write
// to, each non-blocking or not. C function uv_pipe.
func PipePair(nonblockRead, nonblockWrite bool) (fds [2]int, rc int) {
	var c [2]C.int
	r := C.cuv_pipe_pair(nonblocking(nonblockRead, nonblockWrite), &c[0])
	return [2]int{int(c[0]), int(c[1])}, int(r)
}

// nonblocking has a bit for each of two descriptors.
func nonblocking(first, second bool) C.int {
	v := C.int(0)
	if first {
		v |= 1
	}
	if second {
		v |= 2
	}
	return v
}
