package cuv

// #include "cuv.h"
import "C"

import (
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"
)

// A Mode says how a turn runs libuv.
type Mode int

// The modes of Turn.
const (
	RunOnce   Mode = C.CUV_RUN_ONCE   // may block
	RunNoWait Mode = C.CUV_RUN_NOWAIT // polls without blocking
	RunTimers Mode = C.CUV_RUN_TIMERS // only the timers that are due
	RunProbe  Mode = C.CUV_RUN_PROBE  // one of the turns that make up a wait of Go's: polls without blocking
)

// A Loop is a C loop and the ring it shares with Go.
type Loop struct {
	ring   *ring
	fs     fsState
	timers []*Handle // memory for the next ones
	arenas arenas
	host   uint32 // where it lives in another's loop, 0: nowhere
}

// NewLoop makes a loop; sizes in bytes, the submission ring's in entries. The
// second result is libuv's error, 0 on success, UV_ESHUTDOWN after ShutdownLibrary.
// C function uv_loop_init.
func NewLoop(readArena, writeArena, submissions int) (*Loop, int) {
	noURing()
	if rc := enter(); rc < 0 {
		return nil, rc
	}
	var c *C.cuv_loop
	if rc := C.cuv_loop_new(&c, C.uint32_t(readArena), C.uint32_t(writeArena), C.uint32_t(submissions)); rc != 0 {
		leave()
		return nil, int(rc)
	}
	return &Loop{ring: (*ring)(unsafe.Pointer(c))}, 0
}

func (l *Loop) c() *C.cuv_loop { return (*C.cuv_loop)(unsafe.Pointer(l.ring)) }

// Turn drains the submissions, runs libuv once and returns how many events
// wait. force: a round that Go's idle and prepare callbacks began takes place
// even if they let the loop die.
func (l *Loop) Turn(mode Mode, force bool) int {
	return int(C.cuv_turn(l.c(), C.int(mode), cint(force)))
}

// Flush drains the submissions without running libuv.
func (l *Loop) Flush() {
	C.cuv_flush(l.c())
	l.ring.stale = 0
}

// WasAlive tells whether C was alive after the last turn or flush.
func (l *Loop) WasAlive() bool { return l.ring.alive != 0 }

// Stale tells whether direct calls may have changed since what WasAlive says.
func (l *Loop) Stale() bool { return l.ring.stale != 0 }

// Deferred tells whether the last turn put off reads for want of arena.
func (l *Loop) Deferred() bool { return l.ring.deferred != 0 }

// Busy tells whether the last turn found descriptors ready, even if no event came of it.
func (l *Loop) Busy() bool { return l.ring.ready != 0 }

// Retracted tells whether the last turn, made with RunProbe, took back the events of check
// handles: nothing happened and a poll that blocks would still wait, so the round goes on.
func (l *Loop) Retracted() bool { return l.ring.retracted != 0 }

// SetBatchMax sets how many ready descriptors a turn takes at most; the default is 128. It
// has an effect on Linux only.
func (l *Loop) SetBatchMax(n int) {
	l.c().batch_max = C.uint32_t(n)
	l.c().batch = C.uint32_t(n)
}

// SetBusyPoll sets for how long a turn that may wait polls without waiting first. It has
// an effect on Linux only.
func (l *Loop) SetBusyPoll(d time.Duration) { l.ring.busyPoll = uint64(d) }

// MeasuresWaits tells whether Waited knows.
const MeasuresWaits = runtime.GOOS == "linux"

// Waited returns how long the last turn polled for events before and while it waited: zero
// for a turn that may not wait, and on other systems than Linux.
func (l *Loop) Waited() time.Duration { return time.Duration(l.ring.waited) }

// Timeout returns how many milliseconds libuv would have waited at the end of
// the last turn: 0 when another turn is due, -1 without limit.
func (l *Loop) Timeout() int { return int(l.ring.timeout) }

// Now returns the loop's cached clock. C function uv_now.
func (l *Loop) Now() time.Duration { return time.Duration(l.ring.nowMS) * time.Millisecond }

// NowMS returns the loop's cached clock in milliseconds.
func (l *Loop) NowMS() uint64 { return l.ring.nowMS }

// Stats returns how often turns ran, how many events they brought, and how
// often submissions were drained between turns.
func (l *Loop) Stats() (turns, events, flushes uint64) {
	r := l.ring
	return atomic.LoadUint64(&r.turns), atomic.LoadUint64(&r.events), atomic.LoadUint64(&r.flushes)
}

// Unsent returns how many bytes wait in the queues of streams. Any goroutine may call it until Free.
func (l *Loop) Unsent() uint64 { return atomic.LoadUint64(&l.ring.unsent) }

// Close closes the loop; libuv's error, EBUSY while handles are open. C
// function uv_loop_close.
func (l *Loop) Close() int {
	rc := int(C.cuv_loop_close(l.c()))
	if rc == 0 && l.host != 0 {
		l.detached()
	}
	return rc
}

// Free releases a closed loop's memory; no method that calls C may be called
// afterwards. Methods that only read the ring find the clock as it was, and no events.
func (l *Loop) Free() {
	l.freeFS()
	l.freeTimers()
	l.freeArenas()
	c := l.c()
	l.ring = &ring{nowMS: l.ring.nowMS}
	C.cuv_loop_free(c)
	leave()
}

// Alive drains and asks C. C function uv_loop_alive.
func (l *Loop) Alive() bool { return C.cuv_loop_alive(l.c()) != 0 }

// Handles counts the open handles that are not the loop's own. C function
// uv_walk.
func (l *Loop) Handles() int { return int(C.cuv_loop_handles(l.c())) }

// BackendTimeout returns the poll's timeout in milliseconds, -1 for none. C
// function uv_backend_timeout.
func (l *Loop) BackendTimeout() int { return int(C.cuv_loop_backend_timeout(l.c())) }

// BackendFD returns the descriptor that polls all others. C function
// uv_backend_fd.
func (l *Loop) BackendFD() int { return int(C.cuv_loop_backend_fd(l.c())) }

// UpdateTime refreshes the cached clock. C function uv_update_time.
func (l *Loop) UpdateTime() { C.cuv_loop_update_time(l.c()) }

// Hold keeps the loop alive without handles, or no longer.
func (l *Loop) Hold(on bool) {
	C.cuv_loop_hold(l.c(), cint(on))
}

// Wake ends a blocking poll, from any goroutine, until Close. C function
// uv_async_send.
func (l *Loop) Wake() { C.cuv_loop_wake(l.c()) }

// Hrtime returns the monotonic clock that loop times are taken from. C function
// uv_hrtime.
func Hrtime() time.Duration { return time.Duration(C.cuv_hrtime()) }

// FailArena makes reads find no memory: a switch for tests.
func (l *Loop) FailArena(on bool) {
	l.c().fail_arena = C.uint32_t(cint(on))
}

// Lent returns how much memory the loop has for what events carry beyond the
// read arena: for tests.
func (l *Loop) Lent() int { return int(C.cuv_lend_size(l.c())) }
