package cuv

// #include "stream.h"
import "C"

// Listen starts accepting. C function uv_listen.
func (h *Handle) Listen(backlog int) int { return int(C.cuv_stream_listen(h.c(), C.int(backlog))) }

// Pause leaves new connections to the kernel's backlog, or accepts them again;
// OpAccept then takes the one that libuv holds.
func (h *Handle) Pause(on bool) {
	C.cuv_stream_pause(h.c(), cint(on))
}

// TryWrite writes what the kernel takes at once, after the submissions: bytes
// written or libuv's error. C function uv_try_write.
func (h *Handle) TryWrite(p []byte) int {
	return int(C.cuv_stream_try_write(h.c(), chars(p), C.size_t(len(p))))
}

// WriteNow writes p at once, after the submissions, and queues a copy of what
// the kernel does not take: len(p) or libuv's error. C functions uv_try_write
// and uv_write.
func (h *Handle) WriteNow(p []byte) int {
	return int(C.cuv_stream_write(h.c(), chars(p), C.size_t(len(p))))
}

// CancelsWrites tells whether CancelWrite can work: since libuv 1.53.
const CancelsWrites = C.UV_VERSION_HEX >= 0x013500

// CancelWrite cancels the write of the request slot and gen, after the submissions: 0, EBUSY if
// it is over, or ENOTSUP. C function uv_cancel.
func (h *Handle) CancelWrite(slot, gen uint32) int {
	return int(C.cuv_stream_cancel(h.c(), C.uint32_t(slot), C.uint32_t(gen)))
}

// IsReadable asks C, after the submissions. C function uv_is_readable.
func (h *Handle) IsReadable() bool { return C.cuv_stream_is_readable(h.c()) != 0 }

// IsWritable asks C, after the submissions. C function uv_is_writable.
func (h *Handle) IsWritable() bool { return C.cuv_stream_is_writable(h.c()) != 0 }

// WriteQueueSize asks C, after the submissions. C function
// uv_stream_get_write_queue_size.
func (h *Handle) WriteQueueSize() int { return int(C.cuv_stream_write_queue_size(h.c())) }

// SetBlocking changes the mode of the descriptor. C function
// uv_stream_set_blocking.
func (h *Handle) SetBlocking(on bool) int {
	return int(C.cuv_stream_set_blocking(h.c(), cint(on)))
}
