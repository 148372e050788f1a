package sock

import "github.com/uvgo/uvgo/cuv"

// Send writes to a stream socket. The caller handles EINTR and EAGAIN, which are
// syscall.Errno. p is borrowed for the call.
func Send(fd int, p []byte) (int, error) { return cuv.Send(fd, p) }
