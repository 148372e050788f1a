//go:build unix

package uv

import "syscall"

// Codes at or below ownCodes are libuv's own, such as EOF and EAI_AGAIN; no
// Unix numbers its errnos that high.
const ownCodes Errno = -3000

// system returns the errno of the operating system, if the code is one.
func (e Errno) system() (syscall.Errno, bool) {
	return syscall.Errno(-e), e < 0 && e > ownCodes
}
