package cuv

// #include "cuv.h"
// #include "watchdog.h"
import "C"

import (
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// Watch has the watchdog look at the loop, until Free: for callbacks that run for limit or longer. Their begins count from
// epoch, by Hrtime.
func (l *Loop) Watch(limit, epoch time.Duration) {
	C.cuv_watch_on(l.c(), C.uint64_t(limit), C.uint64_t(epoch))
}

// ID tells the loop from the others that have not been freed.
func (l *Loop) ID() uint64 { return uint64(uintptr(unsafe.Pointer(l.ring))) }

// Began returns where the loop writes when the callback that runs began, 0 while none does. It is valid until Free.
func (l *Loop) Began() *uint64 { return &l.ring.began }

// Stuck returns how many callbacks the watchdog has found. Any goroutine may call it until Free.
func (l *Loop) Stuck() uint64 { return atomic.LoadUint64(&l.ring.stuck) }

// WatchdogAsleep returns a word that is not 0 while the watchdog has to be woken, by WakeWatchdog.
func WatchdogAsleep() *uint32 { return (*uint32)(unsafe.Pointer(C.cuv_watchdog_asleep())) }

// WakeWatchdog makes the watchdog look at loops. The error is the system's, which has no thread left for it.
func WakeWatchdog() error {
	if rc := C.cuv_watchdog_wake(); rc != 0 {
		return syscall.Errno(rc)
	}
	return nil
}

// A Stuck is a callback that the watchdog has found.
type Stuck struct {
	Loop  uint64        // the loop's ID
	Began uint64        // as in the loop's ring
	Held  time.Duration // for how long the watchdog has seen it run
}

// OnStuck is what the watchdog tells of callbacks, on a thread of C's. False: the watchdog is to tell of them again. It is set before the first loop is
// made.
var OnStuck func([]Stuck) bool

// cuvStuck is what the watchdog calls.
//
//export cuvStuck
func cuvStuck(list *C.cuv_stuck, n C.int) C.int {
	all := make([]Stuck, n)
	for i, s := range unsafe.Slice(list, int(n)) {
		all[i] = Stuck{uint64(s.loop), uint64(s.began), time.Duration(s.held)}
	}
	return cint(OnStuck(all))
}
