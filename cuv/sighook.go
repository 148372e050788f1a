package cuv

// #include "sigaction.h"
import "C"

import "unsafe"

// runtimeSigaction is the C function by which Go's runtime sets signal handlers in
// a program with cgo: package runtime/cgo puts it there. On systems where the
// runtime does without, nothing does, and the variable is ours alone.
//
//go:linkname runtimeSigaction _cgo_sigaction
var runtimeSigaction unsafe.Pointer

// The runtime reads the variable at every call, so it can be changed at any time;
// package initialisation comes before anybody can watch a signal.
func init() {
	if runtimeSigaction != nil {
		runtimeSigaction = C.cuv_sighook(runtimeSigaction)
	}
}
