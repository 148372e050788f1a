package cuv

// #include "cuv.h"
import "C"

import "unsafe"

// stock is for how many timers C allocates memory at once, and for how many a loop keeps
// it: a program may make and close a timer for every request.
const stock = 64

// NewTimer makes a timer for a slot without crossing: C readies it when it
// drains the submissions, which cannot fail. nil without memory. C function
// uv_timer_init.
func (l *Loop) NewTimer(slot, gen uint32) *Handle {
	if len(l.timers) == 0 {
		var fresh [stock]*C.cuv_handle
		n := C.cuv_timer_stock(l.c(), &fresh[0], stock)
		for _, c := range fresh[:n] {
			l.timers = append(l.timers, (*Handle)(unsafe.Pointer(c)))
		}
		if n == 0 {
			return nil
		}
	}
	last := len(l.timers) - 1
	h := l.timers[last]
	l.timers = l.timers[:last]
	h.Slot, h.Gen = slot, gen
	l.Submit(OpTimerInit, h, 0, 0)
	return h
}

// RecycleTimer is OpFree for a timer, but keeps the memory for NewTimer unless the loop has
// a stock already.
func (l *Loop) RecycleTimer(h *Handle) {
	if len(l.timers) == stock {
		l.Submit(OpFree, h, 0, 0)
		return
	}
	h.Slot = NoSlot
	l.timers = append(l.timers, h)
}

func (l *Loop) freeTimers() {
	for _, h := range l.timers {
		C.cuv_handle_free(h.c())
	}
	l.timers = nil
}

// TimerDueIn returns the milliseconds until the timer is due, after the
// submissions. C function uv_timer_get_due_in.
func (h *Handle) TimerDueIn() uint64 { return uint64(C.cuv_timer_due_in(h.c())) }

// TimerRepeat returns the timer's repeat in milliseconds, after the submissions.
// C function uv_timer_get_repeat.
func (h *Handle) TimerRepeat() uint64 { return uint64(C.cuv_timer_repeat(h.c())) }
