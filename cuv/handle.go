package cuv

// #include "cuv.h"
import "C"

import "unsafe"

func (h *Handle) c() *C.cuv_handle { return (*C.cuv_handle)(unsafe.Pointer(h)) }

// NewHandle makes a handle of libuv's kind (uv_handle_type) for a slot. ipc
// makes a pipe that passes handles. C functions uv_*_init.
func (l *Loop) NewHandle(kind int, ipc bool, slot, gen uint32) (*Handle, int) {
	var h *C.cuv_handle
	rc := C.cuv_handle_new(l.c(), C.int(kind), cint(ipc), C.uint32_t(slot), C.uint32_t(gen), &h)
	return (*Handle)(unsafe.Pointer(h)), int(rc)
}

// Renew returns a new handle of the kind in the place of h, which must be stopped, and
// closes h; or libuv's error. C function uv_close.
func (h *Handle) Renew() (*Handle, int) {
	var c *C.cuv_handle
	rc := C.cuv_handle_renew(h.c(), &c)
	return (*Handle)(unsafe.Pointer(c)), int(rc)
}

// Kind returns libuv's uv_handle_type. C function uv_handle_get_type.
func (h *Handle) Kind() int { return int(h.kind) }

// IsActive asks C, after the submissions. C function uv_is_active.
func (h *Handle) IsActive() bool { return C.cuv_handle_is_active(h.c()) != 0 }

// HasRef asks C, after the submissions. C function uv_has_ref.
func (h *Handle) HasRef() bool { return C.cuv_handle_has_ref(h.c()) != 0 }

// FD returns the handle's descriptor, or libuv's error. C function uv_fileno.
func (h *Handle) FD() int { return int(C.cuv_handle_fileno(h.c())) }

// BufferSize returns the size of the kernel's buffer for sending or receiving,
// or libuv's error; n other than 0 sets it. C functions uv_send_buffer_size and
// uv_recv_buffer_size.
func (h *Handle) BufferSize(send bool, n int) int {
	return int(C.cuv_handle_buffer_size(h.c(), cint(send), C.int(n)))
}
