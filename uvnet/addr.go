package uvnet

import (
	"net"
	"net/netip"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// sysCall wraps a system call's error as package net does.
func sysCall(name string, err error) error { return os.NewSyscallError(name, err) }

// fromSockaddr makes a net.Addr of the network from the kernel's form of an address.
func fromSockaddr(network string, sa unix.Sockaddr) net.Addr {
	var ip net.IP
	var port int
	var zone string
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		ip, port = append(ip, sa.Addr[:]...), sa.Port
	case *unix.SockaddrInet6:
		ip, port, zone = append(ip, sa.Addr[:]...), sa.Port, zoneName(sa.ZoneId)
	case *unix.SockaddrUnix:
		return &net.UnixAddr{Name: sa.Name, Net: network}
	default:
		return nil
	}
	if network[0] == 'u' {
		return &net.UDPAddr{IP: ip, Port: port, Zone: zone}
	}
	return &net.TCPAddr{IP: ip, Port: port, Zone: zone}
}

// toSockaddr makes the kernel's form of an address for a socket of the family.
func toSockaddr(family int, ip net.IP, port int, zone string) (unix.Sockaddr, error) {
	if family == unix.AF_INET {
		if len(ip) == 0 {
			ip = net.IPv4zero
		}
		ip4 := ip.To4()
		if ip4 == nil {
			return nil, &net.AddrError{Err: "non-IPv4 address", Addr: ip.String()}
		}
		return &unix.SockaddrInet4{Addr: [4]byte(ip4), Port: port}, nil
	}
	if len(ip) == 0 || ip.Equal(net.IPv4zero) { // the wildcard of both families
		ip = net.IPv6zero
	}
	ip6 := ip.To16()
	if ip6 == nil {
		return nil, &net.AddrError{Err: "non-IPv6 address", Addr: ip.String()}
	}
	return &unix.SockaddrInet6{Addr: [16]byte(ip6), Port: port, ZoneId: zoneID(zone)}, nil
}

// toAddrPort is the address as libuv's handles take it.
func toAddrPort(family int, ip net.IP, port int, zone string) netip.AddrPort {
	a, _ := netip.AddrFromSlice(ip)
	if family == unix.AF_INET {
		a = a.Unmap()
	} else if a.Is4() {
		a = netip.AddrFrom16(a.As16())
	}
	if id := zoneID(zone); id != 0 {
		a = a.WithZone(strconv.FormatUint(uint64(id), 10))
	}
	return netip.AddrPortFrom(a, uint16(port))
}

// lift moves a descriptor to a number above those of standard input, output and error,
// which libuv never closes. The system returns those numbers, too, when they are free.
// After an error fd is closed.
func lift(fd int) (int, error) {
	if fd > 2 {
		return fd, nil
	}
	up, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	unix.Close(fd)
	return up, err
}

// liftSocket is lift for the results of a call that makes a socket.
func liftSocket(fd int, err error) (int, error) {
	if err != nil {
		return -1, sysCall("socket", err)
	}
	fd, err = lift(fd)
	return fd, sysCall("fcntl", err)
}

// duplicate returns a duplicate of a descriptor.
func duplicate(fd int) (int, error) {
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	return own, sysCall("fcntl", err)
}
