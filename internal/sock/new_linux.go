package sock

import "golang.org/x/sys/unix"

// New makes a non-blocking socket that children do not inherit. C function socket,
// whose errors it returns.
func New(family, typ int) (int, error) {
	return unix.Socket(family, typ|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
}
