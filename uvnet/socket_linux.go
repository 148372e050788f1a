package uvnet

import (
	"golang.org/x/sys/unix"
)

// inherits tells that accepted connections have the options of their listener,
// which saves five system calls each.
const inherits = true

// accept takes a connection from a listener.
func accept(fd int) (int, unix.Sockaddr, error) {
	return unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
}

// socket makes a socket that does not block.
func socket(family, typ int) (int, error) {
	fd, err := unix.Socket(family, typ|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	return fd, sysCall("socket", err)
}

// recvFlags makes received descriptors close on exec.
const recvFlags = unix.MSG_CMSG_CLOEXEC
