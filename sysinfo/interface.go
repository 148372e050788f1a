package sysinfo

import (
	"math/bits"
	"net"
	"net/netip"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// An InterfaceAddr is an address of a network interface.
type InterfaceAddr struct {
	Name     string           // of the interface
	Addr     netip.Addr       // a zone is the interface's number
	Prefix   netip.Prefix     // the address, without zone, and its network's length
	Hardware net.HardwareAddr // nil if it has none
	Internal bool             // a loopback interface
}

// InterfaceAddrs lists the addresses of the interfaces that are up and running. C
// function uv_interface_addresses.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_interface_addresses
func InterfaceAddrs() ([]InterfaceAddr, error) {
	list, rc := cuv.InterfaceAddrs()
	if rc < 0 {
		return nil, uv.Check("interface addresses", rc)
	}
	addrs := make([]InterfaceAddr, len(list))
	for i, a := range list {
		addrs[i] = InterfaceAddr{Name: a.Name, Addr: a.Addr, Internal: a.Internal}
		if a.Hardware != [6]byte{} {
			addrs[i].Hardware = a.Hardware[:]
		}
		if n, ok := maskLen(a.Mask); ok {
			addrs[i].Prefix = netip.PrefixFrom(a.Addr.WithZone(""), n)
		}
	}
	return addrs, nil
}

// maskLen counts the ones of a netmask. ok is false if a zero comes before a one.
func maskLen(mask netip.Addr) (n int, ok bool) {
	zeros := false
	for _, b := range mask.AsSlice() {
		ones := bits.LeadingZeros8(^b)
		if b<<ones != 0 || zeros && b != 0 {
			return 0, false
		}
		n += ones
		zeros = zeros || ones < 8
	}
	return n, mask.IsValid()
}

// InterfaceName returns the name of the interface with this number. ENXIO if there is
// none. C function uv_if_indextoname.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_if_indextoname
func InterfaceName(index uint32) (string, error) {
	name, rc := cuv.InterfaceName(index)
	return name, uv.Check("if_indextoname", rc)
}

// InterfaceIID returns the identifier of the interface in the zone of an address. On
// Unix it is the interface's name. C function uv_if_indextoiid.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_if_indextoiid
func InterfaceIID(index uint32) (string, error) {
	iid, rc := cuv.InterfaceIID(index)
	return iid, uv.Check("if_indextoiid", rc)
}
