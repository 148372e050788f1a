package cuv

// #include "cuv.h"
import "C"

// SignalStart watches a signal, once or until stopped. C functions
// uv_signal_start and uv_signal_start_oneshot.
func (h *Handle) SignalStart(signum int, oneshot bool) int {
	return int(C.cuv_signal_start(h.c(), C.int(signum), cint(oneshot)))
}

// SignalStop stops watching. C function uv_signal_stop.
func (h *Handle) SignalStop() int { return int(C.cuv_signal_stop(h.c())) }
