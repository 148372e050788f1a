package cuv

import "net/netip"

// A SockAddr is an address as sockets of IPv4 and IPv6 have it: the zone is the
// number of an interface, 0 for none.
type SockAddr struct {
	IP    netip.Addr
	Port  uint16
	Scope uint32
}
