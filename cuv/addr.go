package cuv

// #include <net/if.h>
// #include <stdlib.h>
// #include "cuv.h"
import "C"

import (
	"net/netip"
	"strconv"
	"unsafe"
)

// addrTo turns an address into what addr.c reads; the zero AddrPort has no
// family, which C refuses, as it does one with a zone that no interface has.
func addrTo(a netip.AddrPort) C.cuv_addr {
	var c C.cuv_addr
	ip := a.Addr()
	c.port = C.uint16_t(a.Port())
	switch {
	case ip.Is4():
		c.family = 4
		for i, b := range ip.As4() {
			c.ip[i] = C.uint8_t(b)
		}
	case ip.Is6():
		c.family = 6
		for i, b := range ip.As16() {
			c.ip[i] = C.uint8_t(b)
		}
		if zone := ip.Zone(); zone != "" {
			n := zoneIndex(zone)
			if c.scope = C.uint32_t(n); n == 0 {
				c.family = 0xffff
			}
		}
	}
	return c
}

// zoneIndex returns the number of the interface that a zone names, be it by name
// or by number; 0 for none.
func zoneIndex(zone string) uint32 {
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n)
	}
	name := C.CString(zone)
	defer C.free(unsafe.Pointer(name))
	return uint32(C.if_nametoindex(name))
}

// ZoneKnown tells whether the zone of an address, if it has one, is an
// interface's name or a number.
func ZoneKnown(ip netip.Addr) bool { return ip.Zone() == "" || zoneIndex(ip.Zone()) != 0 }

// A Peer is an address of IPv4 as an accept reports it, see cuv_addr_pack; 0
// for any other.
type Peer uint64

// Addr returns the address, if there is one.
func (p Peer) Addr() (addr netip.AddrPort, ok bool) {
	ip := [4]byte{byte(p >> 24), byte(p >> 16), byte(p >> 8), byte(p)}
	a := netip.AddrFrom4(ip)
	switch p >> 48 {
	case C.CUV_PEER_IP4:
	case C.CUV_PEER_MAPPED:
		a = netip.AddrFrom16(a.As16())
	default:
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(a, uint16(p>>32)), true
}

// PeerOf is the reverse; 0 unless the address is of IPv4.
func PeerOf(a netip.AddrPort) Peer {
	if !a.Addr().Is4() {
		return 0
	}
	ip := a.Addr().As4()
	return C.CUV_PEER_IP4<<48 | Peer(a.Port())<<32 | Peer(ip[0])<<24 | Peer(ip[1])<<16 | Peer(ip[2])<<8 | Peer(ip[3])
}

// addrFrom returns the address of a C address; the zero AddrPort for no internet address.
func addrFrom(c *C.cuv_addr) netip.AddrPort {
	var ip netip.Addr
	switch c.family {
	case 4:
		var b [4]byte
		for i := range b {
			b[i] = byte(c.ip[i])
		}
		ip = netip.AddrFrom4(b)
	case 6:
		var b [16]byte
		for i := range b {
			b[i] = byte(c.ip[i])
		}
		ip = netip.AddrFrom16(b)
		if c.scope != 0 {
			ip = ip.WithZone(strconv.FormatUint(uint64(c.scope), 10))
		}
	default:
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ip, uint16(c.port))
}
