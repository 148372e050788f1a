//go:build cgo && (!linux || race)

package cuv

import (
	"net/netip"
	"syscall"
)

// RecvFrom is recvfrom of a datagram.
func RecvFrom(fd int, p []byte, from *SockAddr) (int, error) {
	n, sa, err := syscall.Recvfrom(fd, p, 0)
	if err != nil {
		return 0, err
	}
	*from = sockAddrOf(sa)
	return n, nil
}

// SendTo is sendto of a datagram.
func SendTo(fd int, p []byte, to *SockAddr) error { return syscall.Sendto(fd, p, 0, to.sockaddr()) }

// RecvMsg is recvmsg of a datagram.
func RecvMsg(fd int, p, oob []byte, from *SockAddr) (n, oobn, flags int, err error) {
	n, oobn, flags, sa, err := syscall.Recvmsg(fd, p, oob, 0)
	if err != nil {
		return 0, 0, 0, err
	}
	*from = sockAddrOf(sa)
	return n, oobn, flags, nil
}

// SendMsg is sendmsg of a datagram, to the peer of a connected socket if to is
// nil.
func SendMsg(fd int, p, oob []byte, to *SockAddr) (int, error) {
	return syscall.SendmsgN(fd, p, oob, to.sockaddr(), 0)
}

// sockaddr is package syscall's form of an address, nil for nil.
func (a *SockAddr) sockaddr() syscall.Sockaddr {
	switch {
	case a == nil:
		return nil
	case a.IP.Is4():
		return &syscall.SockaddrInet4{Port: int(a.Port), Addr: a.IP.As4()}
	}
	return &syscall.SockaddrInet6{Port: int(a.Port), Addr: a.IP.As16(), ZoneId: a.Scope}
}

// sockAddrOf reads package syscall's form; the zero SockAddr is no address.
func sockAddrOf(sa syscall.Sockaddr) SockAddr {
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return SockAddr{IP: netip.AddrFrom4(sa.Addr), Port: uint16(sa.Port)}
	case *syscall.SockaddrInet6:
		return SockAddr{IP: netip.AddrFrom16(sa.Addr), Port: uint16(sa.Port), Scope: sa.ZoneId}
	}
	return SockAddr{}
}
