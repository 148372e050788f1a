package cuv

// #include "cuv.h"
import "C"

import "unsafe"

// Events of a poll handle.
const (
	PollReadable    = C.UV_READABLE
	PollWritable    = C.UV_WRITABLE
	PollDisconnect  = C.UV_DISCONNECT
	PollPrioritized = C.UV_PRIORITIZED
)

// NewPoll makes a poll handle for a slot on a duplicate of fd, which it also
// returns. C functions uv_poll_init and uv_poll_init_socket.
func (l *Loop) NewPoll(fd int, slot, gen uint32) (h *Handle, dup, rc int) {
	var c *C.cuv_handle
	var own C.int
	r := C.cuv_poll_new(l.c(), C.int(fd), C.uint32_t(slot), C.uint32_t(gen), &c, &own)
	return (*Handle)(unsafe.Pointer(c)), int(own), int(r)
}

// PollSet polls for events, none to stop. C functions uv_poll_start and
// uv_poll_stop.
func (h *Handle) PollSet(events int) int { return int(C.cuv_poll_set(h.c(), C.int(events))) }

// PollClose closes the handle at once: the descriptor may be closed next. C
// function uv_close.
func (h *Handle) PollClose() { C.cuv_poll_close(h.c()) }
