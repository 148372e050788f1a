package cuv

// #include "outside.h"
import "C"

import (
	"sync"
	"syscall"
)

// starts are the functions that wait for their threads, by id.
var starts = struct {
	sync.Mutex
	last uint32
	fn   map[uint32]func()
}{fn: map[uint32]func(){}}

// Outside runs fn on a goroutine that a thread of C's starts: one in no bubble of
// testing/synctest, whoever calls. It does not wait for fn. The error is the
// system's, which has no thread left.
func Outside(fn func()) error {
	starts.Lock()
	for starts.last++; starts.fn[starts.last] != nil; {
		starts.last++
	}
	id := starts.last
	starts.fn[id] = fn
	starts.Unlock()
	if rc := C.cuv_outside(C.uint32_t(id)); rc != 0 {
		takeStart(id)
		return syscall.Errno(rc)
	}
	return nil
}

// takeStart takes a function out of starts.
func takeStart(id uint32) func() {
	starts.Lock()
	defer starts.Unlock()
	fn := starts.fn[id]
	delete(starts.fn, id)
	return fn
}

// cuvOutside starts the goroutine, on the thread that C made for it.
//
//export cuvOutside
func cuvOutside(id C.uint32_t) { go takeStart(uint32(id))() }
