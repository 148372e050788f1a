package cuv

// #include "cuv.h"
import "C"

import (
	"sync"
	"unsafe"
)

// library is what the loops of the process share.
var library struct {
	sync.Mutex
	loops    int            // that exist, Go's and those below
	standard unsafe.Pointer // libuv's default loop, if it is one of them
	over     bool           // libuv has been shut down
}

// enter counts one more loop: UV_ESHUTDOWN when libuv has been shut down.
func enter() int {
	library.Lock()
	defer library.Unlock()
	if library.over {
		return C.UV_ESHUTDOWN
	}
	library.loops++
	return 0
}

// leave takes back one enter.
func leave() {
	library.Lock()
	defer library.Unlock()
	library.loops--
}

// OpenLoops returns how many loops there are.
func OpenLoops() int {
	library.Lock()
	defer library.Unlock()
	return library.loops
}

// ShutdownLibrary ends libuv's threads and closes its descriptors: UV_EBUSY while
// there are loops. No loop can be made afterwards. The default loop, which others
// may run, counts from DefaultCLoop on. C function uv_library_shutdown.
func ShutdownLibrary() int {
	library.Lock()
	defer library.Unlock()
	if library.loops != 0 {
		return C.UV_EBUSY
	}
	library.over = true
	C.uv_library_shutdown()
	return 0
}

// DefaultCLoop returns libuv's default loop, made by the first call: nil and
// libuv's error if that fails. C function uv_default_loop.
func DefaultCLoop() (unsafe.Pointer, int) {
	library.Lock()
	defer library.Unlock()
	if library.over {
		return nil, C.UV_ESHUTDOWN
	}
	var p *C.uv_loop_t
	exists := C.int(0)
	if library.standard != nil {
		exists = 1
	}
	if rc := C.cuv_uv_default_loop(&p, exists); rc < 0 {
		return nil, int(rc)
	}
	if library.standard == nil {
		library.standard = unsafe.Pointer(p)
		library.loops++
	}
	return unsafe.Pointer(p), 0
}

// NewCLoop makes a loop for C to run. C function uv_loop_new.
func NewCLoop() (unsafe.Pointer, int) {
	if rc := enter(); rc < 0 {
		return nil, rc
	}
	var p *C.uv_loop_t
	if rc := C.cuv_uv_loop_new(&p); rc < 0 {
		leave()
		return nil, int(rc)
	}
	return unsafe.Pointer(p), 0
}

// DeleteCLoop closes a loop of NewCLoop or DefaultCLoop and frees it: UV_EBUSY
// while it has handles or requests. C function uv_loop_delete.
func DeleteCLoop(loop unsafe.Pointer) int {
	library.Lock()
	defer library.Unlock()
	rc := int(C.cuv_uv_loop_delete((*C.uv_loop_t)(loop)))
	if rc < 0 {
		return rc
	}
	library.loops--
	if loop == library.standard {
		library.standard = nil
	}
	return 0
}
