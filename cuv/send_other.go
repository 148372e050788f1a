//go:build cgo && (!linux || race)

package cuv

import "syscall"

// Send is syscall.Write.
func Send(fd int, p []byte) (int, error) { return syscall.Write(fd, p) }
