package core

import (
	"reflect"
	"runtime"
)

// protectEntry is where the function begins that runs all callbacks.
var protectEntry = reflect.ValueOf((*Core).protect).Pointer()

// InCallback tells whether the calling goroutine runs a callback of any loop. There, a
// call that waits for a loop holds up the callback's own, and may wait for ever. It looks
// through the stack, which takes some microseconds.
func InCallback() bool {
	var pcs [64]uintptr
	for skip := 2; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs[:])
		for _, pc := range pcs[:n] {
			// A comparison of addresses comes first, since it is cheaper than a look at the name:
			// the function has a few hundred bytes.
			if pc-protectEntry < 4096 && runtime.FuncForPC(pc-1).Entry() == protectEntry {
				return true
			}
		}
		if n < len(pcs) {
			return false
		}
	}
}
