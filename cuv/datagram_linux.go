//go:build cgo && linux && !race

package cuv

import (
	"net/netip"
	"syscall"
	"unsafe"
)

// A rawAddr has room for an address of either family. It stays on its caller's
// stack, where package syscall's would be allocated.
type rawAddr struct {
	syscall.RawSockaddrInet6
	size uint32
}

// put fills in what the kernel is to read; for a nil address there is nothing.
func (r *rawAddr) put(a *SockAddr) {
	if a == nil {
		return
	}
	*(*[2]byte)(unsafe.Pointer(&r.Port)) = [2]byte{byte(a.Port >> 8), byte(a.Port)} // at the same place for both
	if a.IP.Is4() {
		in := (*syscall.RawSockaddrInet4)(unsafe.Pointer(&r.RawSockaddrInet6))
		in.Family, in.Addr = syscall.AF_INET, a.IP.As4()
		r.size = syscall.SizeofSockaddrInet4
		return
	}
	r.Family, r.Addr, r.Scope_id = syscall.AF_INET6, a.IP.As16(), a.Scope
	r.size = syscall.SizeofSockaddrInet6
}

// get reads what the kernel has filled in.
func (r *rawAddr) get(a *SockAddr) {
	port := *(*[2]byte)(unsafe.Pointer(&r.Port))
	*a = SockAddr{Port: uint16(port[0])<<8 | uint16(port[1])}
	switch {
	case r.size == 0:
		*a = SockAddr{}
	case r.Family == syscall.AF_INET:
		a.IP = netip.AddrFrom4((*syscall.RawSockaddrInet4)(unsafe.Pointer(&r.RawSockaddrInet6)).Addr)
	case r.Family == syscall.AF_INET6:
		a.IP, a.Scope = netip.AddrFrom16(r.Addr), r.Scope_id
	default:
		*a = SockAddr{}
	}
}

// RecvFrom is recvfrom of a datagram; it allocates nothing.
func RecvFrom(fd int, p []byte, from *SockAddr) (int, error) {
	raw := rawAddr{size: syscall.SizeofSockaddrInet6}
	n, _, errno := syscall.Syscall6(syscall.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))),
		uintptr(len(p)), 0, uintptr(unsafe.Pointer(&raw.RawSockaddrInet6)), uintptr(unsafe.Pointer(&raw.size)))
	if errno != 0 {
		return 0, errno
	}
	raw.get(from)
	return int(n), nil
}

// SendTo is sendto of a datagram; it allocates nothing.
func SendTo(fd int, p []byte, to *SockAddr) error {
	var raw rawAddr
	raw.put(to)
	_, _, errno := syscall.Syscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))),
		uintptr(len(p)), 0, uintptr(unsafe.Pointer(&raw.RawSockaddrInet6)), uintptr(raw.size))
	if errno != 0 {
		return errno
	}
	return nil
}

// RecvMsg is recvmsg of a datagram; it allocates nothing.
func RecvMsg(fd int, p, oob []byte, from *SockAddr) (n, oobn, flags int, err error) {
	var raw rawAddr
	iov := syscall.Iovec{Base: unsafe.SliceData(p)}
	iov.SetLen(len(p))
	msg := syscall.Msghdr{
		Name: (*byte)(unsafe.Pointer(&raw.RawSockaddrInet6)), Namelen: syscall.SizeofSockaddrInet6,
		Iov: &iov, Iovlen: 1, Control: unsafe.SliceData(oob),
	}
	msg.SetControllen(len(oob))
	r, _, errno := syscall.Syscall(syscall.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&msg)), 0)
	if errno != 0 {
		return 0, 0, 0, errno
	}
	raw.size = msg.Namelen
	raw.get(from)
	return int(r), int(msg.Controllen), int(msg.Flags), nil
}

// SendMsg is sendmsg of a datagram, to the peer of a connected socket if to is
// nil; it allocates nothing.
func SendMsg(fd int, p, oob []byte, to *SockAddr) (int, error) {
	var raw rawAddr
	raw.put(to)
	iov := syscall.Iovec{Base: unsafe.SliceData(p)}
	iov.SetLen(len(p))
	msg := syscall.Msghdr{Namelen: raw.size, Iov: &iov, Iovlen: 1, Control: unsafe.SliceData(oob)}
	if raw.size > 0 {
		msg.Name = (*byte)(unsafe.Pointer(&raw.RawSockaddrInet6))
	}
	msg.SetControllen(len(oob))
	n, _, errno := syscall.Syscall(syscall.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&msg)), 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
