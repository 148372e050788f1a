//go:build unix && !linux

package uvnet

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// inherits tells that accepted connections have the options of their listener.
const inherits = false

// accept accepts a connection.
func accept(fd int) (int, unix.Sockaddr, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	c, sa, err := unix.Accept(fd)
	if err == nil {
		unix.CloseOnExec(c)
		if err = unix.SetNonblock(c, true); err == nil {
			c, err = lift(c)
		}
	}
	return c, sa, err
}

// socket makes a non-blocking socket.
func socket(family, typ int) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(family, typ, 0)
	if err == nil {
		unix.CloseOnExec(fd)
		err = unix.SetNonblock(fd, true)
	}
	return liftSocket(fd, err)
}

// recvFlags is for received descriptors: the system has no such flag.
const recvFlags = 0
