package hosttest

/*
#cgo CFLAGS: -std=gnu11 -O2 -Wall
#cgo !libuv_shared pkg-config: libuv-static
#cgo libuv_shared pkg-config: libuv

#include "host.h"
*/
import "C"

import (
	"errors"
	"sync"
	"time"
	"unsafe"
)

// Modes of Run.
const (
	Default = C.UV_RUN_DEFAULT
	Once    = C.UV_RUN_ONCE
	NoWait  = C.UV_RUN_NOWAIT
)

// A Host is a loop that C runs.
type Host struct{ c *C.host }

// New makes a host.
func New() (*Host, error) {
	c := C.host_new()
	if c == nil {
		return nil, errors.New("the host's loop could not be made")
	}
	return &Host{c}, nil
}

// Loop returns the host's *uv_loop_t.
func (h *Host) Loop() unsafe.Pointer { return unsafe.Pointer(&h.c.loop) }

// Run calls uv_run and tells whether the host's loop is alive.
func (h *Host) Run(mode int) bool { return RunLoop(h.Loop(), mode) }

// RunLoop calls uv_run on a loop that is no Host's and tells whether it is alive.
func RunLoop(loop unsafe.Pointer, mode int) bool {
	return C.uv_run((*C.uv_loop_t)(loop), C.uv_run_mode(mode)) != 0
}

// Fired tells how many of the host's own callbacks have run.
func (h *Host) Fired() int { return int(h.c.fired) }

// After makes a timer of the host's call fn, from C.
func (h *Host) After(d time.Duration, fn func()) { h.call(fn, uint64(d.Milliseconds()), 0) }

// Prepare makes a prepare handle of the host's call fn, once, after as many
// turns.
func (h *Host) Prepare(turns int, fn func()) { h.call(fn, uint64(turns), 1) }

func (h *Host) call(fn func(), ms uint64, prepare C.int) {
	calls.Lock()
	calls.last++
	id := calls.last
	calls.fn[id] = fn
	calls.Unlock()
	if C.host_after(h.c, C.uint64_t(ms), C.uint32_t(id), prepare) != 0 {
		panic("hosttest: out of memory")
	}
}

// CloseAll closes every handle that uv_walk shows, and returns their number.
func (h *Host) CloseAll() int { return int(C.host_close_all(h.c)) }

// CloseOwn closes the timers of After that have not fired, and what Prepare made.
func (h *Host) CloseOwn() { C.host_close_own(h.c) }

// Close calls uv_loop_close and returns its result.
func (h *Host) Close() int { return int(C.host_free(h.c)) }

var calls = struct {
	sync.Mutex
	last uint32
	fn   map[uint32]func()
}{fn: map[uint32]func(){}}

//export hosttestCall
func hosttestCall(id C.uint32_t) {
	calls.Lock()
	fn := calls.fn[uint32(id)]
	delete(calls.fn, uint32(id))
	calls.Unlock()
	fn()
}
