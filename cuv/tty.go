package cuv

// #include "cuv.h"
import "C"

import "unsafe"

// NewTTY makes a tty handle for a slot of a terminal, which it opens anew. C
// function uv_tty_init.
func (l *Loop) NewTTY(fd int, slot, gen uint32) (*Handle, int) {
	var c *C.cuv_handle
	rc := C.cuv_tty_new(l.c(), C.int(fd), C.uint32_t(slot), C.uint32_t(gen), &c)
	return (*Handle)(unsafe.Pointer(c)), int(rc)
}

// TTYSetMode changes the terminal's mode: 0 normal, 1 raw, 2 io, 3 raw with
// virtual terminal sequences. C function uv_tty_set_mode.
func (h *Handle) TTYSetMode(mode int) int { return int(C.cuv_tty_set_mode(h.c(), C.int(mode))) }

// TTYClose puts back the mode from before the first TTYSetMode, at once, and
// starts closing. C function uv_close.
func (h *Handle) TTYClose() { C.cuv_tty_close(h.c()) }

// TTYWinsize returns the terminal's size in characters. C function
// uv_tty_get_winsize.
func (h *Handle) TTYWinsize() (width, height, rc int) {
	var w, ht C.int
	rc = int(C.cuv_tty_winsize(h.c(), &w, &ht))
	return int(w), int(ht), rc
}

// TTYResetMode puts back the modes of all terminals; any goroutine may call it.
// C function uv_tty_reset_mode.
func TTYResetMode() int { return int(C.cuv_tty_reset_mode()) }

// GuessHandle tells which kind of handle suits a descriptor. C function
// uv_guess_handle.
func GuessHandle(fd int) int { return int(C.cuv_guess_handle(C.int(fd))) }
