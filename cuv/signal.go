package cuv

// #include "cuv.h"
import "C"

import "unsafe"

// SignalStart watches a signal, once or until stopped. C functions
// uv_signal_start and uv_signal_start_oneshot.
func (h *Handle) SignalStart(signum int, oneshot bool) int {
	v := C.int(0)
	if oneshot {
		v = 1
	}
	return int(C.cuv_signal_start(h.c(), C.int(signum), v))
}

// SignalRenew returns the handle that takes this one's place, to be started
// without oneshot again. C functions uv_signal_init and uv_close.
func (h *Handle) SignalRenew() (*Handle, int) {
	var c *C.cuv_handle
	rc := C.cuv_signal_renew(h.c(), &c)
	return (*Handle)(unsafe.Pointer(c)), int(rc)
}

// SignalStop stops watching. C function uv_signal_stop.
func (h *Handle) SignalStop() int { return int(C.cuv_signal_stop(h.c())) }
