package cuv

// #include "adopt.h"
import "C"

import (
	"sync"
	"unsafe"
)

// A Host is a loop that others made and run: a *uv_loop_t.
type Host struct{ loop unsafe.Pointer }

// HostOf wraps the pointer, which must not be nil.
func HostOf(loop unsafe.Pointer) Host { return Host{loop} }

// guests are the loops that live in hosts, by id.
var guests = struct {
	sync.Mutex
	last uint32
	turn map[uint32]func() (again, stop bool)
}{turn: map[uint32]func() (again, stop bool){}}

// Attach puts the loop into the host's, whose uv_run from then on calls turn,
// on its thread, when the loop has something to do. turn runs the loop once and
// tells whether to call again at once, and whether the host's uv_run shall
// return. It returns libuv's error. C functions uv_backend_fd and uv_poll_start.
func (l *Loop) Attach(h Host, turn func() (again, stop bool)) int {
	guests.Lock()
	for guests.last++; guests.last == 0 || guests.turn[guests.last] != nil; {
		guests.last++
	}
	l.host = guests.last
	guests.turn[l.host] = turn
	guests.Unlock()
	rc := int(C.cuv_host_attach(l.c(), h.loop, C.uint32_t(l.host)))
	if rc < 0 {
		l.detached()
	}
	return rc
}

// detached forgets the loop's turn.
func (l *Loop) detached() {
	guests.Lock()
	delete(guests.turn, l.host)
	guests.Unlock()
	l.host = 0
}

// cuvHostTurn is what the host's loop calls: the one way from C into Go.
//
//export cuvHostTurn
func cuvHostTurn(id C.uint32_t) C.int {
	guests.Lock()
	turn := guests.turn[uint32(id)]
	guests.Unlock()
	again, stop := turn()
	answer := C.int(0)
	if again {
		answer |= C.CUV_HOST_AGAIN
	}
	if stop {
		answer |= C.CUV_HOST_STOP
	}
	return answer
}
