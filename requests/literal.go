package requests

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// literal answers a question whose host is an address and whose service is a
// port or empty, as the system would; nil for any other question, and for those
// whose answer the flags or the family make less than plain.
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

// sockTypes are the ways to reach a host, in the order of the C library.
var sockTypes = []struct{ socktype, protocol int }{
	{unix.SOCK_STREAM, unix.IPPROTO_TCP},
	{unix.SOCK_DGRAM, unix.IPPROTO_UDP},
	{unix.SOCK_RAW, 0},
}

// port reads a service of digits; ok if it is a port.
func port(service string) (n uint16, numeric, ok bool) {
	if service == "" || strings.Trim(service, "0123456789") != "" {
		return 0, false, false
	}
	v, err := strconv.ParseUint(service, 10, 16)
	return uint16(v), true, err == nil
}

// numberZone replaces the zone's name by its number, which is how cuv takes it.
// It reports false for the name of no interface.
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

// scope names a zone; 0 is none.
func scope(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}
