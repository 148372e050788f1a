package cuv

// #include "alloc.h"
import "C"

// Allocations returns how many allocations of C memory are alive: those of cuv, and from
// CountLibuv on those of libuv. It is exact while no loop turns, and no thread of libuv's
// pool works. Any goroutine may call it.
func Allocations() int64 { return int64(C.cuv_alloc_live()) }

// CountLibuv has Allocations count libuv's, too. Call it before the process has made a
// loop. It is for tests: it replaces the allocator that C code of the program may have
// given to libuv.
func CountLibuv() int { return int(C.cuv_alloc_libuv()) }

// LoseAllocation allocates C memory, and returns the function that frees it: a test of what
// looks at Allocations needs a leak.
func LoseAllocation() (free func()) {
	p := C.cuv_alloc_lose()
	return func() { C.cuv_free(p) }
}
