package cuv

// #include "stream.h"
import "C"

// IPC tells whether the pipe passes descriptors.
func (h *Handle) IPC() bool { return h.flags&C.CUV_STREAM_IPC != 0 }

// SetIPC makes the pipe pass descriptors, as a pipe does that was made so.
func (h *Handle) SetIPC() { h.flags |= C.CUV_STREAM_IPC }

// WriteFD writes p, which is borrowed, with a duplicate of fd, or of the
// descriptor of the handle sent unless that is nil. After a 0 the request in slot
// completes. C function uv_write2.
func (h *Handle) WriteFD(p []byte, sent *Handle, fd int, slot, gen uint32) int {
	return int(C.cuv_ipc_write(h.c(), sent.c(), C.int(fd), chars(p), C.size_t(len(p)), C.uint32_t(slot), C.uint32_t(gen)))
}

// TryWriteFD writes what the kernel takes of p at once, with fd or the
// descriptor of sent: bytes written or libuv's error. C function uv_try_write2.
func (h *Handle) TryWriteFD(p []byte, sent *Handle, fd int) int {
	return int(C.cuv_ipc_try_write(h.c(), sent.c(), C.int(fd), chars(p), C.size_t(len(p))))
}
