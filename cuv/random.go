package cuv

// #include "random.h"
import "C"

// RandomFill fills p in the calling thread. C function uv_random.
func RandomFill(p []byte) int {
	return int(C.cuv_random_fill(chars(p), C.size_t(len(p))))
}

// A Random is a buffer being filled; its owner frees it after its event. The
// zero value is none.
type Random struct{ c *C.cuv_random }

// NewRandom fills p for the request in slot; p is pinned until the event. C
// function uv_random.
func (l *Loop) NewRandom(p []byte, slot, gen uint32) (Random, int) {
	var r Random
	rc := C.cuv_random_new(l.c(), chars(p), C.size_t(len(p)), C.uint32_t(slot), C.uint32_t(gen), &r.c)
	return r, int(rc)
}

// Cancel ends a request that no thread has taken yet. C function uv_cancel.
func (r Random) Cancel() int { return int(C.cuv_random_cancel(r.c)) }

// Free releases a request whose event has come.
func (r Random) Free() { C.cuv_random_free(r.c) }
