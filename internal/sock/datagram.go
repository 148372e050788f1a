package sock

import "github.com/uvgo/uvgo/cuv"

// An Addr is an address as sockets of IPv4 and IPv6 have it: the zone is the
// number of an interface, 0 for none.
type Addr = cuv.SockAddr

// RecvFrom receives a datagram. The caller handles EINTR and EAGAIN, which are
// syscall.Errno. p is borrowed for the call. On Linux it allocates nothing.
func RecvFrom(fd int, p []byte, from *Addr) (int, error) { return cuv.RecvFrom(fd, p, from) }

// RecvMsg is RecvFrom with control messages and the flags of recvmsg(2).
func RecvMsg(fd int, p, oob []byte, from *Addr) (n, oobn, flags int, err error) {
	return cuv.RecvMsg(fd, p, oob, from)
}

// SendTo sends a datagram, as RecvFrom receives one.
func SendTo(fd int, p []byte, to *Addr) error { return cuv.SendTo(fd, p, to) }

// SendMsg is SendTo with control messages; to is nil for the peer of a connected
// socket.
func SendMsg(fd int, p, oob []byte, to *Addr) (int, error) { return cuv.SendMsg(fd, p, oob, to) }
