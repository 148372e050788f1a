package server

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/uv"
)

// File returns a duplicate of the connection's socket, which the caller closes: for sendfile, for example, or to set
// options. No child process inherits it. The socket is the same: what is written to the file comes
// before what the connection has unsent, and what is read from it the connection does not get. With TLS its
// bytes are records. The file's Fd leaves the socket in non-blocking mode, and so
// must the caller, because the loop would stand still in a call that blocks.
//
// File belongs to the loop; the file may be used on any goroutine, and after Close. ENOTCONN
// while Dial connects, net.ErrClosed after Close, EMFILE without a free descriptor.
func (c *Conn) File() (*os.File, error) {
	const op = "server: file"
	if err := c.use(op); err != nil {
		return nil, err
	}
	switch c.writes {
	case connecting:
		return nil, uv.Fail(op, uv.ENOTCONN)
	case streamClosed:
		return nil, &uv.OpError{Op: op, Err: uv.ErrClosed}
	}
	f, err := c.file()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	return f, nil
}

// file returns a duplicate of the socket. As the socket is in non-blocking mode already, os.NewFile takes the mode for
// the caller's, which Fd does not change.
func (c *Conn) file() (*os.File, error) {
	fd, err := c.stream.FD()
	if err != nil {
		return nil, err
	}
	if fd, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3); err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), "connection"), nil
}
