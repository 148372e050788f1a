package core

import (
	"reflect"
	"runtime"
)

// protectEntry is where the function begins that runs all callbacks.
var protectEntry = reflect.ValueOf((*Core).protect).Pointer()

// InCallback tells whether the calling goroutine runs a callback of any loop. A
// call that waits for a loop would hold one up there, and with it perhaps
// itself. It looks through the stack: some microseconds.
func InCallback() bool {
	var pcs [64]uintptr
	for skip := 2; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs[:])
		for _, pc := range pcs[:n] {
			// Cheaper than a name: the function is one of a few hundred bytes.
			if pc-protectEntry < 4096 && runtime.FuncForPC(pc-1).Entry() == protectEntry {
				return true
			}
		}
		if n < len(pcs) {
			return false
		}
	}
}
