package handles

import (
	"net/netip"

	"github.com/uvgo/uvgo/uv"
)

// JoinGroup receives what is sent to a multicast group. iface chooses the interface:
// an address of it for IPv4, any address with its zone for IPv6; the zero Addr leaves
// the choice to the system, or to the zone of group. A handle without a socket is
// bound to a port. EINVAL if group is none, ENODEV or ENXIO if no interface suits,
// EADDRINUSE if it is a member already. C function uv_udp_set_membership.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_set_membership
func (u *UDP) JoinGroup(group, iface netip.Addr) error {
	return u.membership("join group", group, iface, netip.Addr{}, true)
}

// LeaveGroup ends what JoinGroup with the same addresses began: EADDRNOTAVAIL if the
// handle is no member. C function uv_udp_set_membership.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_set_membership
func (u *UDP) LeaveGroup(group, iface netip.Addr) error {
	return u.membership("leave group", group, iface, netip.Addr{}, false)
}

// JoinSourceGroup is JoinGroup for what one host sends. EINVAL if source is no address
// of the group's family. C function uv_udp_set_source_membership.
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
	return u.option(op, group, u.c.UDPMembership(group.WithZone(""), iface, source, join))
}

// SetMulticastInterface chooses the interface by which multicasts leave: an address of
// it for IPv4, any address with its zone for IPv6; the zero Addr leaves the choice to
// the system. EBADF before there is a socket. C function
// uv_udp_set_multicast_interface.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_set_multicast_interface
func (u *UDP) SetMulticastInterface(iface netip.Addr) error {
	if err := u.use("multicast interface"); err != nil {
		return err
	}
	return u.option("multicast interface", iface, u.c.UDPMulticastInterface(iface))
}

// option makes the error of a call with an address.
func (u *UDP) option(op string, addr netip.Addr, rc int) error {
	if rc < 0 && addr.IsValid() {
		return uv.CheckAddr("udp "+op, addr.String(), rc)
	}
	return u.check(op, rc)
}

// SetMulticastLoop sends multicasts to this host, too, which is the default. EBADF
// before there is a socket. C function uv_udp_set_multicast_loop.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_set_multicast_loop
func (u *UDP) SetMulticastLoop(on bool) error {
	if err := u.use("multicast loop"); err != nil {
		return err
	}
	return u.check("multicast loop", u.c.UDPMulticastLoop(on))
}

// SetMulticastTTL lets multicasts pass that many routers less one; 1, the default,
// keeps them in the local network. EINVAL unless it is 0 to 255, EBADF before there is
// a socket. C function uv_udp_set_multicast_ttl.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_set_multicast_ttl
func (u *UDP) SetMulticastTTL(ttl int) error {
	if err := u.use("multicast ttl"); err != nil {
		return err
	}
	return u.check("multicast ttl", u.c.UDPMulticastTTL(clampInt(ttl)))
}

// SetTTL limits the hops of other datagrams. EINVAL unless it is 1 to 255, EBADF
// before there is a socket. C function uv_udp_set_ttl.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_set_ttl
func (u *UDP) SetTTL(ttl int) error {
	if err := u.use("ttl"); err != nil {
		return err
	}
	return u.check("ttl", u.c.UDPTTL(clampInt(ttl)))
}

// clampInt keeps a number that C cannot represent from becoming another.
func clampInt(n int) int { return max(-1, min(n, 256)) }

// SetBroadcast allows to send to broadcast addresses: without it that is EACCES. EBADF
// before there is a socket. C function uv_udp_set_broadcast.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_set_broadcast
func (u *UDP) SetBroadcast(on bool) error {
	if err := u.use("broadcast"); err != nil {
		return err
	}
	return u.check("broadcast", u.c.UDPBroadcast(on))
}
