package handles

import (
	"net/netip"

	"github.com/uvgo/uvgo/uv"
)

// JoinGroup makes the handle a member of a multicast group: it receives the group's
// datagrams. iface chooses the interface: for IPv4 an address of the interface, for
// IPv6 any address with the interface as its zone. With the zero Addr the zone of group
// chooses it, or else the system. A handle without a socket gets one, bound to a port
// that the system chooses. EINVAL if group is no multicast address, ENODEV or ENXIO if
// there is no such interface, EADDRINUSE if the handle is a member already. C function
// uv_udp_set_membership.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_set_membership
func (u *UDP) JoinGroup(group, iface netip.Addr) error {
	return u.membership("join group", group, iface, netip.Addr{}, true)
}

// LeaveGroup ends what JoinGroup with the same addresses began. EADDRNOTAVAIL if the
// handle is no member. C function uv_udp_set_membership.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_set_membership
func (u *UDP) LeaveGroup(group, iface netip.Addr) error {
	return u.membership("leave group", group, iface, netip.Addr{}, false)
}

// JoinSourceGroup is JoinGroup for the datagrams of one sender. EINVAL if source is not
// an address of the group's family. C function uv_udp_set_source_membership.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_set_source_membership
func (u *UDP) JoinSourceGroup(group, iface, source netip.Addr) error {
	return u.sourceMembership("join source group", group, iface, source, true)
}

// LeaveSourceGroup ends what JoinSourceGroup with the same addresses began. C function
// uv_udp_set_source_membership.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_set_source_membership
func (u *UDP) LeaveSourceGroup(group, iface, source netip.Addr) error {
	return u.sourceMembership("leave source group", group, iface, source, false)
}

func (u *UDP) sourceMembership(op string, group, iface, source netip.Addr, join bool) error {
	if err := u.use(op); err != nil {
		return err
	}
	if !source.IsValid() || source.Is4() != group.Is4() {
		return uv.FailAddr("udp "+op, group.String(), uv.EINVAL)
	}
	return u.membership(op, group, iface, source, join)
}

func (u *UDP) membership(op string, group, iface, source netip.Addr, join bool) error {
	if err := u.use(op); err != nil {
		return err
	}
	if !iface.IsValid() && group.Zone() != "" {
		iface = group
	}
	return u.checkAddr(op, group, u.c.UDPMembership(group.WithZone(""), iface, source, join))
}

// SetMulticastInterface chooses the interface from which multicasts are sent: for IPv4
// by an address of the interface, for IPv6 by any address with the interface as its
// zone. With the zero Addr the system chooses it. EBADF before there is a socket. C
// function uv_udp_set_multicast_interface.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_set_multicast_interface
func (u *UDP) SetMulticastInterface(iface netip.Addr) error {
	if err := u.use("multicast interface"); err != nil {
		return err
	}
	return u.checkAddr("multicast interface", iface, u.c.UDPMulticastInterface(iface))
}

// checkAddr is check for a call that names an address, which the error then has, too.
func (u *UDP) checkAddr(op string, addr netip.Addr, rc int) error {
	if rc < 0 && addr.IsValid() {
		return uv.CheckAddr("udp "+op, addr.String(), rc)
	}
	return u.check(op, rc)
}

// SetMulticastLoop sets whether the host receives its own multicasts. The default is
// that it does. EBADF before there is a socket. C function uv_udp_set_multicast_loop.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_set_multicast_loop
func (u *UDP) SetMulticastLoop(on bool) error {
	if err := u.use("multicast loop"); err != nil {
		return err
	}
	return u.check("multicast loop", u.c.UDPMulticastLoop(on))
}

// SetMulticastTTL sets the time to live of multicasts. Each router takes 1 from it, so
// with 1, the default, multicasts stay in the local network. EINVAL unless ttl is 0 to
// 255, EBADF before there is a socket. C function uv_udp_set_multicast_ttl.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_set_multicast_ttl
func (u *UDP) SetMulticastTTL(ttl int) error {
	if err := u.use("multicast ttl"); err != nil {
		return err
	}
	return u.check("multicast ttl", u.c.UDPMulticastTTL(clampInt(ttl)))
}

// SetTTL sets the time to live, in hops, of datagrams that are no multicasts. EINVAL
// unless ttl is 1 to 255, EBADF before there is a socket. C function uv_udp_set_ttl.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_set_ttl
func (u *UDP) SetTTL(ttl int) error {
	if err := u.use("ttl"); err != nil {
		return err
	}
	return u.check("ttl", u.c.UDPTTL(clampInt(ttl)))
}

// clampInt returns n, or an invalid number, for which libuv returns EINVAL, instead of
// one that C's int would change.
func clampInt(n int) int { return max(-1, min(n, 256)) }

// SetBroadcast allows datagrams to broadcast addresses. Without it they fail with
// EACCES. EBADF before there is a socket. C function uv_udp_set_broadcast.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_set_broadcast
func (u *UDP) SetBroadcast(on bool) error {
	if err := u.use("broadcast"); err != nil {
		return err
	}
	return u.check("broadcast", u.c.UDPBroadcast(on))
}
