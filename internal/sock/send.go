package sock

import "github.com/uvgo/uvgo/cuv"

// Send is a write to a socket by the caller, not by a loop: one system call, of
// which EINTR and EAGAIN are the caller's to handle, as a syscall.Errno. p is
// borrowed for the call. Any goroutine may call it.
func Send(fd int, p []byte) (int, error) { return cuv.Send(fd, p) }
