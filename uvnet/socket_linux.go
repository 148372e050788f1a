package uvnet

import (
	"golang.org/x/sys/unix"
)

// inherits tells that accepted connections have the options of their listener. That
// saves five system calls for each.
const inherits = true

// accept accepts a connection.
func accept(fd int) (int, unix.Sockaddr, error) {
	c, sa, err := unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	if err != nil {
		return -1, nil, err
	}
	c, err = lift(c)
	return c, sa, err
}

// socket makes a non-blocking socket.
func socket(family, typ int) (int, error) {
	return liftSocket(unix.Socket(family, typ|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0))
}

// recvFlags makes received descriptors close on exec.
const recvFlags = unix.MSG_CMSG_CLOEXEC
