package handles_test

import (
	"net"
	"net/netip"
	"os"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/uv"
)

// A groupCase is a multicast group whose datagrams do not leave this host: on the
// loopback, or, for IPv6 does not do that, of interface-local scope.
type groupCase struct {
	name         string
	any          netip.AddrPort
	group, iface netip.Addr
	source       netip.Addr // what such multicasts come from
}

func groupCases(t *testing.T) []groupCase {
	all := []groupCase{{
		"IPv4", netip.MustParseAddrPort("0.0.0.0:0"), netip.MustParseAddr("239.255.17.3"),
		loopback.Addr(), loopback.Addr(),
	}}
	ip, ok := linkLocal(t)
	if !ok {
		t.Log("no interface has a link-local IPv6 address: IPv4 only")
		return all
	}
	for name, zone := range map[string]string{
		"IPv6, zone by name":   ip.Zone(),
		"IPv6, zone by number": strconv.Itoa(must(net.InterfaceByName(ip.Zone())).Index),
	} {
		all = append(all, groupCase{
			name, netip.MustParseAddrPort("[::]:0"), netip.MustParseAddr("ff11::1703"),
			netip.IPv6Unspecified().WithZone(zone), ip,
		})
	}
	return all
}

// TestUDPGroup: members receive what is sent to the group, several of them on
// one port, until they leave.
func TestUDPGroup(t *testing.T) {
	for _, tt := range groupCases(t) {
		t.Run(tt.name, func(t *testing.T) {
			parked(t, func(t *testing.T, l *uvgo.Loop) {
				a, b := must(l.NewUDP()), must(l.NewUDP())
				check(t, a.Bind(tt.any, handles.ReuseAddr))
				port := must(a.LocalAddr()).Port()
				check(t, b.Bind(netip.AddrPortFrom(tt.any.Addr(), port), handles.ReuseAddr))
				src := must(l.NewUDP())
				check(t, src.Bind(netip.AddrPortFrom(tt.source, 0)))
				check(t, src.SetMulticastInterface(tt.iface))
				check(t, src.SetMulticastTTL(1))
				from := must(src.LocalAddr())
				gotA, gotB := receive(t, a, from), receive(t, b, from)
				check(t, a.JoinGroup(tt.group, tt.iface))
				check(t, b.JoinGroup(tt.group, tt.iface))
				isErr(t, "a second JoinGroup", a.JoinGroup(tt.group, tt.iface), unix.EADDRINUSE)
				to := netip.AddrPortFrom(tt.group, port)
				check(t, src.Send([]byte("both"), to))
				until(t, l, func() bool { return len(*gotA) == 1 && len(*gotB) == 1 })
				check(t, a.LeaveGroup(tt.group, tt.iface))
				isErr(t, "a second LeaveGroup", a.LeaveGroup(tt.group, tt.iface), unix.EADDRNOTAVAIL)
				if tt.any.Addr().Is4() { // IPv4 gives a group's datagrams to every socket that may have them
					check(t, unix.SetsockoptInt(must(a.FD()), unix.SOL_IP, unix.IP_MULTICAST_ALL, 0))
				} else {
					check(t, unix.SetsockoptInt(must(a.FD()), unix.SOL_IPV6, unix.IPV6_MULTICAST_ALL, 0))
				}
				check(t, src.Send([]byte("b"), to))
				until(t, l, func() bool { return len(*gotB) == 2 })
				if (*gotB)[1] != "b" || len(*gotA) != 1 {
					t.Errorf("got %q by the member, %q by the one who left", *gotB, *gotA)
				}
				closeAll(t, a, b, src)
				looptest.Run(t, l)
			})
		})
	}
}

// TestUDPSourceGroup: a member of a source's group receives nothing of others.
func TestUDPSourceGroup(t *testing.T) {
	for _, tt := range groupCases(t) {
		t.Run(tt.name, func(t *testing.T) {
			l := newLoop(t)
			other := tt.source
			if other.Is4() {
				other = netip.MustParseAddr("127.0.0.2")
			}
			u := must(l.NewUDP())
			check(t, u.Bind(tt.any))
			good, bad := must(l.NewUDP()), must(l.NewUDP())
			for i, s := range []*handles.UDP{good, bad} {
				check(t, s.Bind(netip.AddrPortFrom([]netip.Addr{tt.source, other}[i], 0)))
				check(t, s.SetMulticastInterface(tt.iface))
			}
			to := netip.AddrPortFrom(tt.group, must(u.LocalAddr()).Port())
			got := receive(t, u, must(good.LocalAddr()))
			check(t, u.JoinSourceGroup(tt.group, tt.iface, tt.source))
			if other != tt.source {
				check(t, bad.Send([]byte("bad"), to))
			}
			check(t, good.Send([]byte("good"), to))
			until(t, l, func() bool { return len(*got) == 1 })
			check(t, u.LeaveSourceGroup(tt.group, tt.iface, tt.source))
			isErr(t, "a second LeaveSourceGroup", u.LeaveSourceGroup(tt.group, tt.iface, tt.source), unix.EINVAL)
			closeAll(t, u, good, bad)
			looptest.Run(t, l)
		})
	}
}

// TestUDPGroupByItsZone: the zone of the group chooses the interface, and the
// handle gets its socket from JoinGroup.
func TestUDPGroupByItsZone(t *testing.T) {
	ip, ok := linkLocal(t)
	if !ok {
		t.Skip("no interface has a link-local IPv6 address")
	}
	l := newLoop(t)
	group := netip.MustParseAddr("ff11::1705").WithZone(ip.Zone())
	u, src := must(l.NewUDP()), must(l.NewUDP())
	check(t, u.JoinGroup(group, netip.Addr{}))
	check(t, src.Bind(netip.AddrPortFrom(ip, 0)))
	got := receive(t, u, must(src.LocalAddr()))
	check(t, src.Send([]byte("x"), netip.AddrPortFrom(group, must(u.LocalAddr()).Port())))
	until(t, l, func() bool { return len(*got) == 1 })
	isErr(t, "leaving another zone", u.LeaveGroup(group.WithZone("77777"), netip.Addr{}), unix.ENXIO)
	check(t, u.LeaveGroup(group, netip.Addr{}))
	closeAll(t, u, src)
	looptest.Run(t, l)
}

// TestUDPLinkLocal: addresses keep their zones across the border both ways.
func TestUDPLinkLocal(t *testing.T) {
	ip, ok := linkLocal(t)
	if !ok {
		t.Skip("no interface has a link-local IPv6 address")
	}
	l := newLoop(t)
	any := netip.AddrPortFrom(ip, 0)
	a, addrA := udp(t, l, any)
	b, addrB := udp(t, l, any)
	if n := must(net.InterfaceByName(ip.Zone())).Index; addrA.Addr().Zone() != strconv.Itoa(n) {
		t.Errorf("bound to %v, want zone %d", addrA, n)
	}
	got := receive(t, b, addrA)
	check(t, a.Send([]byte("x"), addrB))
	check(t, a.Send([]byte("x"), netip.AddrPortFrom(ip, addrB.Port())))
	until(t, l, func() bool { return len(*got) == 2 })
	closeAll(t, a, b)
	looptest.Run(t, l)
}

// linkLocal returns a link-local address of this host, with its zone's name.
func linkLocal(t *testing.T) (netip.Addr, bool) {
	t.Helper()
	for _, i := range must(net.Interfaces()) {
		if i.Flags&(net.FlagUp|net.FlagMulticast) != net.FlagUp|net.FlagMulticast {
			continue
		}
		addrs, err := i.Addrs()
		check(t, err)
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && n.IP.To4() == nil && n.IP.IsLinkLocalUnicast() {
				ip, _ := netip.AddrFromSlice(n.IP)
				return ip.WithZone(i.Name), true
			}
		}
	}
	return netip.Addr{}, false
}

// TestUDPOptions compares what was set with what the kernel says.
func TestUDPOptions(t *testing.T) {
	l := newLoop(t)
	for _, tt := range []struct {
		any                    netip.AddrPort
		opt                    handles.UDPOption
		level, ttl, mttl, loop int
	}{
		{loopback, handles.WithSocket(handles.IPv4), unix.SOL_IP, unix.IP_TTL, unix.IP_MULTICAST_TTL, unix.IP_MULTICAST_LOOP},
		{loopback6, handles.WithSocket(handles.IPv6), unix.SOL_IPV6, unix.IPV6_UNICAST_HOPS, unix.IPV6_MULTICAST_HOPS, unix.IPV6_MULTICAST_LOOP},
	} {
		u := must(l.NewUDP(tt.opt))
		get := func(level, opt int) int { return must(unix.GetsockoptInt(must(u.FD()), level, opt)) }
		check(t, u.Bind(tt.any, handles.ReuseAddr, handles.RecvErr))
		for _, n := range []int{1, 37, 255} {
			check(t, u.SetTTL(n))
			check(t, u.SetMulticastTTL(n))
			check(t, u.SetMulticastLoop(n == 37))
			check(t, u.SetBroadcast(n == 37))
			loop := get(tt.level, tt.loop) == 1
			if a, b := get(tt.level, tt.ttl), get(tt.level, tt.mttl); a != n || b != n || loop != (n == 37) {
				t.Errorf("%v: TTL %d, multicasts' %d, want %d; loop %t", tt.any, a, b, n, loop)
			}
			if on := get(unix.SOL_SOCKET, unix.SO_BROADCAST) == 1; on != (n == 37) {
				t.Errorf("broadcast %t", on)
			}
		}
		if get(unix.SOL_SOCKET, unix.SO_REUSEADDR) != 1 {
			t.Error("ReuseAddr is not set")
		}
		check(t, u.SetSendBufferSize(16<<10))
		check(t, u.SetRecvBufferSize(16<<10))
		if n := get(unix.SOL_SOCKET, unix.SO_SNDBUF); n != must(u.SendBufferSize()) || n < 16<<10 {
			t.Errorf("send buffer %d", n)
		}
		if n := get(unix.SOL_SOCKET, unix.SO_RCVBUF); n != must(u.RecvBufferSize()) || n < 16<<10 {
			t.Errorf("receive buffer %d", n)
		}
		closeAll(t, u)
	}
	looptest.Run(t, l)
}

// TestUDPBindOptions: who may share an address, and which families.
func TestUDPBindOptions(t *testing.T) {
	l := newLoop(t)
	a, addr := udp(t, l, loopback)
	b := must(l.NewUDP())
	isErr(t, "an address in use", b.Bind(addr), unix.EADDRINUSE)
	check(t, b.Bind(loopback)) // it may be tried again
	isErr(t, "a second Bind", b.Bind(loopback), uv.EINVAL)

	c, d := must(l.NewUDP()), must(l.NewUDP())
	if err := c.Bind(loopback, handles.ReusePort); err == nil {
		check(t, d.Bind(must(c.LocalAddr()), handles.ReusePort))
	} else {
		isErr(t, "ReusePort", err, uv.ENOTSUP)
	}

	// Dual stack, or not.
	src, _ := udp(t, l, loopback)
	dual, dualAddr := udp(t, l, netip.MustParseAddrPort("[::]:0"))
	mapped := netip.AddrPortFrom(netip.AddrFrom16(loopback.Addr().As16()), must(src.LocalAddr()).Port())
	got := receive(t, dual, mapped)
	check(t, src.Send([]byte("x"), netip.AddrPortFrom(loopback.Addr(), dualAddr.Port())))
	until(t, l, func() bool { return len(*got) == 1 })
	back := receive(t, src, netip.AddrPortFrom(loopback.Addr(), dualAddr.Port()))
	check(t, dual.Send([]byte("y"), mapped)) // as it came
	until(t, l, func() bool { return len(*back) == 1 })
	only := must(l.NewUDP())
	check(t, only.Bind(netip.MustParseAddrPort("[::]:0"), handles.IPv6Only))
	same := must(l.NewUDP())
	check(t, same.Bind(netip.AddrPortFrom(netip.IPv4Unspecified(), must(only.LocalAddr()).Port())))
	closeAll(t, a, b, c, d, src, dual, only, same)
	looptest.Run(t, l)
}

// TestUDPOpen: the handle uses a duplicate, and finds out whether it is
// connected.
func TestUDPOpen(t *testing.T) {
	l := newLoop(t)
	peer, addr := udp(t, l, loopback)
	for _, connected := range []bool{false, true} {
		fd := must(unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0))
		check(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: loopback.Addr().As4()}))
		if connected {
			check(t, unix.Connect(fd, &unix.SockaddrInet4{Addr: loopback.Addr().As4(), Port: int(addr.Port())}))
		}
		u := must(l.NewUDP())
		check(t, u.Open(uintptr(fd)))
		isErr(t, "a second Open", u.Open(uintptr(fd)), uv.EBUSY)
		check(t, unix.Close(fd)) // it was ours
		to, wrong, want := addr, nobody, uv.EDESTADDRREQ
		if connected {
			to, wrong, want = nobody, addr, uv.EISCONN
		}
		got := receive(t, peer, must(u.LocalAddr()))
		isErr(t, "Send", u.Send([]byte("x"), wrong), want)
		check(t, u.Send([]byte("x"), to))
		until(t, l, func() bool { return len(*got) == 1 })
		check(t, peer.RecvStop())
		closeAll(t, u)
	}
	r, w, err := os.Pipe()
	check(t, err)
	stream := must(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	u := must(l.NewUDP())
	for _, fd := range []uintptr{r.Fd(), uintptr(stream)} {
		isErr(t, "Open of another kind", u.Open(fd), uv.EINVAL)
	}
	check(t, u.Bind(loopback)) // it is as it was
	closeAll(t, peer, u, r, w)
	unix.Close(stream)
	looptest.Run(t, l)
}
