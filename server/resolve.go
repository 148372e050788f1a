package server

import (
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// resolveTCP turns host:port into an address; no host means every interface.
func resolveTCP(network, hostport string) (netip.AddrPort, error) {
	if hostport == "" { // which net takes for ":0"
		return netip.AddrPort{}, &net.AddrError{Err: "missing port in address"}
	}
	a, err := net.ResolveTCPAddr(network, hostport)
	if err != nil {
		return netip.AddrPort{}, err
	}
	ip, _ := netip.AddrFromSlice(a.IP)
	switch {
	case a.IP == nil && network == "tcp4", a.IP == nil && !ipv6():
		ip = netip.IPv4Unspecified()
	case a.IP == nil:
		ip = netip.IPv6Unspecified()
	case network != "tcp6":
		ip = ip.Unmap()
	}
	if a.Zone != "" {
		ifi, err := net.InterfaceByName(a.Zone)
		if err != nil {
			return netip.AddrPort{}, err
		}
		ip = ip.WithZone(fmt.Sprint(ifi.Index))
	}
	return netip.AddrPortFrom(ip, uint16(a.Port)), nil
}

// ipv6 tells whether the system has IPv6.
func ipv6() bool {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	unix.Close(fd)
	return true
}
