//go:build cgo && linux && !race

package cuv

import (
	"syscall"
	"unsafe"
)

// Send is syscall.Write for a socket, but does not pass the kernel's layer of files, which
// costs a short message some percent. Under the race detector it is syscall.Write, which
// tells the detector of p.
func Send(fd int, p []byte) (int, error) {
	n, _, errno := syscall.Syscall6(syscall.SYS_SENDTO, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), syscall.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
