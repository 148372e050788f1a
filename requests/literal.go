package requests

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// literal returns the system's answer to a lookup whose host is an address and whose service
// is a port or empty. It returns nil for any other lookup, and where the answer depends on
// the machine or differs between systems because of the flags or the family.
func literal(host, service string, hints AddrInfoHints) []AddrInfo {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return nil
	}
	n, numeric, ok := port(service)
	switch {
	case service != "" && (!numeric || !ok),
		hints.Flags&(AIAddrConfig|AIV4Mapped|AIAll) != 0,
		hints.SockType == unix.SOCK_RAW, // some systems refuse a service with it
		hints.Family == IPv4 && !ip.Is4(), hints.Family == IPv6 && !ip.Is6():
		return nil
	}
	if ip, ok = numberZone(ip); !ok {
		return nil
	}
	var list []AddrInfo
	for _, t := range sockTypes {
		if hints.SockType != 0 && hints.SockType != t.socktype || hints.Protocol != 0 && hints.Protocol != t.protocol {
			continue
		}
		list = append(list, AddrInfo{Addr: netip.AddrPortFrom(ip, n), SockType: t.socktype, Protocol: t.protocol})
	}
	if list != nil && hints.Flags&AICanonName != 0 {
		list[0].CanonName = host
	}
	return list
}

// sockTypes are the types of sockets that answers are for, in the order of the C library.
var sockTypes = []struct{ socktype, protocol int }{
	{unix.SOCK_STREAM, unix.IPPROTO_TCP},
	{unix.SOCK_DGRAM, unix.IPPROTO_UDP},
	{unix.SOCK_RAW, 0},
}

// port parses a service: numeric if it is all digits, ok if it is a port then.
func port(service string) (n uint16, numeric, ok bool) {
	if service == "" || strings.Trim(service, "0123456789") != "" {
		return 0, false, false
	}
	v, err := strconv.ParseUint(service, 10, 16)
	return uint16(v), true, err == nil
}

// numberZone replaces the name of an address's zone by the interface's number, which cuv
// needs. It reports false if no interface has the name.
func numberZone(ip netip.Addr) (netip.Addr, bool) {
	zone := ip.Zone()
	if zone == "" {
		return ip, true
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return ip.WithZone(scope(n)), true
	}
	i, err := net.InterfaceByName(zone)
	if err != nil {
		return ip, false
	}
	return ip.WithZone(scope(uint64(i.Index))), true
}

// scope returns the text of a zone's number; 0 is no zone.
func scope(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}
