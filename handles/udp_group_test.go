package handles_test

import (
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// A groupCase is a multicast group whose datagrams stay on this host: for IPv4 on the
// loopback, for IPv6 by interface-local scope.
type groupCase struct {
	name         string
	any          netip.AddrPort
	group, iface netip.Addr
	source       netip.Addr // what such multicasts come from
}

func groupCases(t *testing.T) []groupCase {
	all := []groupCase{{
		"IPv4", netip.MustParseAddrPort("0.0.0.0:0"), netip.MustParseAddr("239.255.17.3"),
		looptest.Loopback.Addr(), looptest.Loopback.Addr(),
	}}
	ip, ok := linkLocal(t)
	if !ok {
		t.Log("no interface has a link-local IPv6 address: IPv4 only")
		return all
	}
	for name, zone := range map[string]string{
		"IPv6, zone by name":   ip.Zone(),
		"IPv6, zone by number": strconv.Itoa(uvtest.Must(net.InterfaceByName(ip.Zone())).Index),
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
			looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
				a, b := uvtest.Must(l.NewUDP()), uvtest.Must(l.NewUDP())
				uvtest.Check(t, a.Bind(tt.any, handles.ReuseAddr))
				port := uvtest.Must(a.LocalAddr()).Port()
				uvtest.Check(t, b.Bind(netip.AddrPortFrom(tt.any.Addr(), port), handles.ReuseAddr))
				src := uvtest.Must(l.NewUDP())
				uvtest.Check(t, src.Bind(netip.AddrPortFrom(tt.source, 0)))
				uvtest.Check(t, src.SetMulticastInterface(tt.iface))
				uvtest.Check(t, src.SetMulticastTTL(1))
				from := uvtest.Must(src.LocalAddr())
				gotA, gotB := receive(t, a, from), receive(t, b, from)
				uvtest.Check(t, a.JoinGroup(tt.group, tt.iface))
				uvtest.Check(t, b.JoinGroup(tt.group, tt.iface))
				uvtest.IsErr(t, "a second JoinGroup", a.JoinGroup(tt.group, tt.iface), unix.EADDRINUSE)
				to := netip.AddrPortFrom(tt.group, port)
				uvtest.Check(t, src.Send([]byte("both"), to))
				looptest.Until(t, l, func() bool { return len(*gotA) == 1 && len(*gotB) == 1 })
				uvtest.Check(t, a.LeaveGroup(tt.group, tt.iface))
				uvtest.IsErr(t, "a second LeaveGroup", a.LeaveGroup(tt.group, tt.iface), unix.EADDRNOTAVAIL)
				if tt.any.Addr().Is4() { // IPv4 gives a group's datagrams to every socket that may have them
					uvtest.Check(t, unix.SetsockoptInt(uvtest.Must(a.FD()), unix.SOL_IP, unix.IP_MULTICAST_ALL, 0))
				} else {
					uvtest.Check(t, unix.SetsockoptInt(uvtest.Must(a.FD()), unix.SOL_IPV6, unix.IPV6_MULTICAST_ALL, 0))
				}
				uvtest.Check(t, src.Send([]byte("b"), to))
				looptest.Until(t, l, func() bool { return len(*gotB) == 2 })
				if (*gotB)[1] != "b" || len(*gotA) != 1 {
					t.Errorf("got %q by the member, %q by the one who left", *gotB, *gotA)
				}
				uvtest.CloseAll(t, a, b, src)
				looptest.Run(t, l)
			})
		})
	}
}

// TestUDPSourceGroup: a member of a source's group receives nothing of others.
func TestUDPSourceGroup(t *testing.T) {
	for _, tt := range groupCases(t) {
		t.Run(tt.name, func(t *testing.T) {
			l := looptest.New(t)
			other := tt.source
			if other.Is4() {
				other = netip.MustParseAddr("127.0.0.2")
			}
			u := uvtest.Must(l.NewUDP())
			uvtest.Check(t, u.Bind(tt.any))
			good, bad := uvtest.Must(l.NewUDP()), uvtest.Must(l.NewUDP())
			for i, s := range []*handles.UDP{good, bad} {
				uvtest.Check(t, s.Bind(netip.AddrPortFrom([]netip.Addr{tt.source, other}[i], 0)))
				uvtest.Check(t, s.SetMulticastInterface(tt.iface))
			}
			to := netip.AddrPortFrom(tt.group, uvtest.Must(u.LocalAddr()).Port())
			got := receive(t, u, uvtest.Must(good.LocalAddr()))
			uvtest.Check(t, u.JoinSourceGroup(tt.group, tt.iface, tt.source))
			if other != tt.source {
				uvtest.Check(t, bad.Send([]byte("bad"), to))
			}
			uvtest.Check(t, good.Send([]byte("good"), to))
			looptest.Until(t, l, func() bool { return len(*got) == 1 })
			uvtest.Check(t, u.LeaveSourceGroup(tt.group, tt.iface, tt.source))
			uvtest.IsErr(t, "a second LeaveSourceGroup", u.LeaveSourceGroup(tt.group, tt.iface, tt.source), unix.EINVAL)
			uvtest.CloseAll(t, u, good, bad)
			looptest.Run(t, l)
		})
	}
}

// TestUDPGroupByItsZone: the zone of the group chooses the interface, and JoinGroup
// makes the socket.
func TestUDPGroupByItsZone(t *testing.T) {
	ip, ok := linkLocal(t)
	if !ok {
		t.Skip("no interface has a link-local IPv6 address")
	}
	l := looptest.New(t)
	group := netip.MustParseAddr("ff11::1705").WithZone(ip.Zone())
	u, src := uvtest.Must(l.NewUDP()), uvtest.Must(l.NewUDP())
	uvtest.Check(t, u.JoinGroup(group, netip.Addr{}))
	uvtest.Check(t, src.Bind(netip.AddrPortFrom(ip, 0)))
	got := receive(t, u, uvtest.Must(src.LocalAddr()))
	uvtest.Check(t, src.Send([]byte("x"), netip.AddrPortFrom(group, uvtest.Must(u.LocalAddr()).Port())))
	looptest.Until(t, l, func() bool { return len(*got) == 1 })
	uvtest.IsErr(t, "leaving another zone", u.LeaveGroup(group.WithZone("77777"), netip.Addr{}), unix.ENXIO)
	uvtest.Check(t, u.LeaveGroup(group, netip.Addr{}))
	uvtest.CloseAll(t, u, src)
	looptest.Run(t, l)
}

// TestUDPLinkLocal: addresses keep their zones from Go to C and back.
func TestUDPLinkLocal(t *testing.T) {
	ip, ok := linkLocal(t)
	if !ok {
		t.Skip("no interface has a link-local IPv6 address")
	}
	l := looptest.New(t)
	any := netip.AddrPortFrom(ip, 0)
	a, addrA := udp(t, l, any)
	b, addrB := udp(t, l, any)
	if n := uvtest.Must(net.InterfaceByName(ip.Zone())).Index; addrA.Addr().Zone() != strconv.Itoa(n) {
		t.Errorf("bound to %v, want zone %d", addrA, n)
	}
	got := receive(t, b, addrA)
	uvtest.Check(t, a.Send([]byte("x"), addrB))
	uvtest.Check(t, a.Send([]byte("x"), netip.AddrPortFrom(ip, addrB.Port())))
	looptest.Until(t, l, func() bool { return len(*got) == 2 })
	uvtest.CloseAll(t, a, b)
	looptest.Run(t, l)
}

// linkLocal returns a link-local address of this host, with its zone's name.
func linkLocal(t *testing.T) (netip.Addr, bool) {
	t.Helper()
	for _, i := range uvtest.Must(net.Interfaces()) {
		if i.Flags&(net.FlagUp|net.FlagMulticast) != net.FlagUp|net.FlagMulticast {
			continue
		}
		addrs, err := i.Addrs()
		uvtest.Check(t, err)
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && n.IP.To4() == nil && n.IP.IsLinkLocalUnicast() {
				ip, _ := netip.AddrFromSlice(n.IP)
				return ip.WithZone(i.Name), true
			}
		}
	}
	return netip.Addr{}, false
}

// TestUDPOptions compares what was set with the kernel's options.
func TestUDPOptions(t *testing.T) {
	l := looptest.New(t)
	for _, tt := range []struct {
		any                    netip.AddrPort
		opt                    handles.UDPOption
		level, ttl, mttl, loop int
	}{
		{looptest.Loopback, handles.WithSocket(handles.IPv4), unix.SOL_IP, unix.IP_TTL, unix.IP_MULTICAST_TTL, unix.IP_MULTICAST_LOOP},
		{loopback6, handles.WithSocket(handles.IPv6), unix.SOL_IPV6, unix.IPV6_UNICAST_HOPS, unix.IPV6_MULTICAST_HOPS, unix.IPV6_MULTICAST_LOOP},
	} {
		u := uvtest.Must(l.NewUDP(tt.opt))
		get := func(level, opt int) int { return uvtest.Must(unix.GetsockoptInt(uvtest.Must(u.FD()), level, opt)) }
		uvtest.Check(t, u.Bind(tt.any, handles.ReuseAddr, handles.RecvErr))
		for _, n := range []int{1, 37, 255} {
			uvtest.Check(t, u.SetTTL(n))
			uvtest.Check(t, u.SetMulticastTTL(n))
			uvtest.Check(t, u.SetMulticastLoop(n == 37))
			uvtest.Check(t, u.SetBroadcast(n == 37))
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
		uvtest.Check(t, u.SetSendBufferSize(16<<10))
		uvtest.Check(t, u.SetRecvBufferSize(16<<10))
		if n := get(unix.SOL_SOCKET, unix.SO_SNDBUF); n != uvtest.Must(u.SendBufferSize()) || n < 16<<10 {
			t.Errorf("send buffer %d", n)
		}
		if n := get(unix.SOL_SOCKET, unix.SO_RCVBUF); n != uvtest.Must(u.RecvBufferSize()) || n < 16<<10 {
			t.Errorf("receive buffer %d", n)
		}
		uvtest.CloseAll(t, u)
	}
	looptest.Run(t, l)
}

// TestUDPBindOptions: the options that share an address, and IPv6Only.
func TestUDPBindOptions(t *testing.T) {
	l := looptest.New(t)
	a, addr := udp(t, l, looptest.Loopback)
	b := uvtest.Must(l.NewUDP())
	uvtest.IsErr(t, "an address in use", b.Bind(addr), unix.EADDRINUSE)
	uvtest.Check(t, b.Bind(looptest.Loopback)) // it may be tried again
	uvtest.IsErr(t, "a second Bind", b.Bind(looptest.Loopback), uv.EINVAL)

	c, d := uvtest.Must(l.NewUDP()), uvtest.Must(l.NewUDP())
	if err := c.Bind(looptest.Loopback, handles.ReusePort); err == nil {
		uvtest.Check(t, d.Bind(uvtest.Must(c.LocalAddr()), handles.ReusePort))
	} else {
		uvtest.IsErr(t, "ReusePort", err, uv.ENOTSUP)
	}

	// Dual stack, or not.
	src, _ := udp(t, l, looptest.Loopback)
	dual, dualAddr := udp(t, l, netip.MustParseAddrPort("[::]:0"))
	mapped := netip.AddrPortFrom(netip.AddrFrom16(looptest.Loopback.Addr().As16()), uvtest.Must(src.LocalAddr()).Port())
	got := receive(t, dual, mapped)
	uvtest.Check(t, src.Send([]byte("x"), netip.AddrPortFrom(looptest.Loopback.Addr(), dualAddr.Port())))
	looptest.Until(t, l, func() bool { return len(*got) == 1 })
	back := receive(t, src, netip.AddrPortFrom(looptest.Loopback.Addr(), dualAddr.Port()))
	uvtest.Check(t, dual.Send([]byte("y"), mapped)) // as it came
	looptest.Until(t, l, func() bool { return len(*back) == 1 })
	only := uvtest.Must(l.NewUDP())
	uvtest.Check(t, only.Bind(netip.MustParseAddrPort("[::]:0"), handles.IPv6Only))
	same := uvtest.Must(l.NewUDP())
	uvtest.Check(t, same.Bind(netip.AddrPortFrom(netip.IPv4Unspecified(), uvtest.Must(only.LocalAddr()).Port())))
	uvtest.CloseAll(t, a, b, c, d, src, dual, only, same)
	looptest.Run(t, l)
}

// TestUDPOpen: the handle uses a duplicate, and finds out whether the socket is
// connected.
func TestUDPOpen(t *testing.T) {
	l := looptest.New(t)
	peer, addr := udp(t, l, looptest.Loopback)
	for _, connected := range []bool{false, true} {
		fd := uvtest.Must(unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0))
		uvtest.Check(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: looptest.Loopback.Addr().As4()}))
		if connected {
			uvtest.Check(t, unix.Connect(fd, &unix.SockaddrInet4{Addr: looptest.Loopback.Addr().As4(), Port: int(addr.Port())}))
		}
		u := uvtest.Must(l.NewUDP())
		uvtest.Check(t, u.Open(uintptr(fd)))
		uvtest.IsErr(t, "a second Open", u.Open(uintptr(fd)), uv.EBUSY)
		uvtest.Check(t, unix.Close(fd)) // it was ours
		to, wrong, want := addr, nobody, uv.EDESTADDRREQ
		if connected {
			to, wrong, want = nobody, addr, uv.EISCONN
		}
		got := receive(t, peer, uvtest.Must(u.LocalAddr()))
		uvtest.IsErr(t, "Send", u.Send([]byte("x"), wrong), want)
		uvtest.Check(t, u.Send([]byte("x"), to))
		looptest.Until(t, l, func() bool { return len(*got) == 1 })
		uvtest.Check(t, peer.RecvStop())
		uvtest.CloseAll(t, u)
	}
	r, w, err := os.Pipe()
	uvtest.Check(t, err)
	stream := uvtest.Must(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	u := uvtest.Must(l.NewUDP())
	for _, fd := range []uintptr{r.Fd(), uintptr(stream)} {
		uvtest.IsErr(t, "Open of another kind", u.Open(fd), uv.EINVAL)
	}
	uvtest.Check(t, u.Bind(looptest.Loopback)) // it is as it was
	uvtest.CloseAll(t, peer, u, r, w)
	unix.Close(stream)
	looptest.Run(t, l)
}

// TestUDPOpenWith: the socket gets the options that are asked for and no others, where libuv
// can; Open gives it SO_REUSEADDR in any case.
func TestUDPOpenWith(t *testing.T) {
	l := looptest.New(t)
	for _, tt := range []struct {
		name               string
		open               func(u *handles.UDP, fd uintptr) error
		reuseAddr, reusePt int
		with               bool
	}{
		{"plain", func(u *handles.UDP, fd uintptr) error { return u.Open(fd) }, 1, 0, false},
		{"none", func(u *handles.UDP, fd uintptr) error { return u.OpenWith(fd) }, 0, 0, true},
		{"address", func(u *handles.UDP, fd uintptr) error { return u.OpenWith(fd, handles.ReuseAddr) }, 1, 0, true},
		{"port", func(u *handles.UDP, fd uintptr) error { return u.OpenWith(fd, handles.ReusePort) }, 0, 1, true},
		{"both", func(u *handles.UDP, fd uintptr) error { return u.OpenWith(fd, handles.ReusePort|handles.ReuseAddr) }, 1, 1, true},
	} {
		if runtime.GOOS != "linux" {
			t.Skip("the options differ from system to system")
		}
		fd := uvtest.Must(unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0))
		u := uvtest.Must(l.NewUDP())
		err := tt.open(u, uintptr(fd))
		if tt.with && cuv.VersionHex() < 0x013400 {
			uvtest.IsErr(t, tt.name, err, uv.ENOTSUP)
			uvtest.Check(t, u.Bind(looptest.Loopback)) // it is as it was
		} else {
			uvtest.Check(t, err)
			for option, want := range map[int]int{unix.SO_REUSEADDR: tt.reuseAddr, unix.SO_REUSEPORT: tt.reusePt} {
				if got := uvtest.Must(unix.GetsockoptInt(fd, unix.SOL_SOCKET, option)); got != want {
					t.Errorf("%s: socket option %d is %d, want %d", tt.name, option, got, want)
				}
			}
			uvtest.IsErr(t, "a second one", u.OpenWith(uintptr(fd)), uv.EBUSY)
		}
		uvtest.IsErr(t, "another option", u.OpenWith(uintptr(fd), handles.IPv6Only), uv.EINVAL)
		uvtest.Check(t, unix.Close(fd))
		uvtest.CloseAll(t, u)
	}
	looptest.Run(t, l)
}
