//go:build !amd64 && !arm64

package goroutine

import (
	"bytes"
	"runtime"
	"strconv"
)

// Cheap tells whether Self costs no more than a call.
const Cheap = false

// Self returns the number of the calling goroutine, which is not 0. It takes it
// from a stack trace: about a microsecond.
func Self() uintptr {
	var buf [64]byte
	line := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	n, _ := strconv.ParseUint(string(line[:bytes.IndexByte(line, ' ')]), 10, 64)
	return uintptr(n)
}
