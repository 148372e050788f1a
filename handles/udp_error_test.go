package handles_test

import (
	"errors"
	"net/netip"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

var nobody = netip.AddrPort{}

// TestUDPPeerRefuses: a connected socket gets ECONNREFUSED when nothing receives at its
// peer, by whichever call comes first, and works on.
func TestUDPPeerRefuses(t *testing.T) {
	eachUDP(t, func(t *testing.T, l *uvgo.Loop, any netip.AddrPort, opts []handles.UDPOption) {
		dead := uvtest.RefusingUDP(t, any.Addr())
		u := uvtest.Must(l.NewUDP(opts...))
		uvtest.Check(t, u.Connect(dead))
		refused := func() { looptest.Poll(t, l, func() bool { return hungUp(t, u, unix.POLLERR) }) } // the answer has come
		uvtest.Check(t, u.TrySend([]byte("x"), nobody))
		refused()
		uvtest.IsErr(t, "the next send", u.TrySend([]byte("x"), nobody), unix.ECONNREFUSED)

		var last error
		sent := 0
		u.OnSent(func(queued int, err error) { last = err })
		uvtest.Check(t, u.SendFunc(func(err error) {
			uvtest.Check(t, err)
			sent++
		}, nobody, []byte("x")))
		looptest.Until(t, l, func() bool { return sent == 1 })
		refused()
		uvtest.Check(t, u.Send([]byte("refused"), nobody))
		looptest.Until(t, l, func() bool { return last != nil })
		uvtest.IsErr(t, "Send", last, uv.ECONNREFUSED)
		uvtest.Check(t, u.TrySend([]byte("x"), nobody))
		refused()
		uvtest.Check(t, u.SendFunc(func(err error) {
			uvtest.IsErr(t, "SendFunc", err, uv.ECONNREFUSED)
			sent++
		}, nobody, []byte("x")))
		looptest.Until(t, l, func() bool { return sent == 2 })

		failed := 0
		uvtest.Check(t, u.RecvStart(func(d handles.Datagram, err error) {
			uvtest.IsErr(t, "receive", err, unix.ECONNREFUSED)
			failed++
		}))
		for i := range 3 {
			uvtest.Check(t, u.Send([]byte("x"), nobody))
			looptest.Until(t, l, func() bool { return failed > i })
		}
		uvtest.CloseAll(t, u)
		looptest.Run(t, l)
	})
}

// TestUDPRecvErr: a socket without a peer learns which datagrams were refused,
// and a queue of such errors does not keep the loop busy.
func TestUDPRecvErr(t *testing.T) {
	if _, err := os.Stat("/proc/self"); err != nil {
		t.Skip("IP_RECVERR is Linux's")
	}
	eachUDP(t, func(t *testing.T, l *uvgo.Loop, any netip.AddrPort, opts []handles.UDPOption) {
		dead := [2]netip.AddrPort{uvtest.RefusingUDP(t, any.Addr()), uvtest.RefusingUDP(t, any.Addr())}
		alive, addr := udp(t, l, any)
		u := uvtest.Must(l.NewUDP(opts...))
		uvtest.Check(t, u.Bind(any, handles.RecvErr))
		self := uvtest.Must(u.LocalAddr())
		got := receive(t, alive, self)
		var from []string
		uvtest.Check(t, u.RecvStart(func(d handles.Datagram, err error) {
			uvtest.IsErr(t, "receive", err, unix.ECONNREFUSED)
			var e *uv.Error
			if asUV(err, &e) {
				from = append(from, e.Addr)
			}
		}))
		for i := range 4 {
			uvtest.Check(t, u.Send([]byte("x"), dead[i%2]))
			looptest.Until(t, l, func() bool { return len(from) > i })
			if from[i] != dead[i%2].String() {
				t.Errorf("refused by %q, want %v", from[i], dead[i%2])
			}
			uvtest.Check(t, u.Send([]byte("x"), addr)) // the error was not left for it
			looptest.Until(t, l, func() bool { return len(*got) > i })
		}
		// Once its errors are read, the socket causes no event.
		looptest.Turn(t, l, 3)
		before := l.Stats().Events
		looptest.Turn(t, l, 20)
		if n := l.Stats().Events - before; n != 0 {
			t.Errorf("%d events of a quiet socket", n)
		}
		if p, _ := unix.Poll([]unix.PollFd{{Fd: int32(uvtest.Must(u.FD())), Events: unix.POLLIN}}, 0); p != 0 {
			t.Error("the kernel still reports the socket")
		}
		uvtest.CloseAll(t, u, alive)
		looptest.Run(t, l)
	})
}

// asUV is errors.As for libuv's errors, which are never wrapped here.
func asUV(err error, e **uv.Error) (ok bool) {
	*e, ok = err.(*uv.Error)
	return ok
}

// TestUDPTooLong: too long datagrams are refused, if possible by the call itself.
func TestUDPTooLong(t *testing.T) {
	l := looptest.New(t)
	u, addr := udp(t, l, looptest.Loopback)
	failed := uvtest.NewCounter(t, "callback", 2)
	for _, n := range []int{65_508, 65_536, 1 << 20} {
		p := make([]byte, n)
		uvtest.IsErr(t, "TrySend", u.TrySend(p, addr), unix.EMSGSIZE)
		uvtest.IsErr(t, "Send", u.Send(p, addr), uv.EMSGSIZE)
		_, err := u.TrySend2([]handles.Datagram{{Data: p, Addr: addr}})
		if !errors.Is(err, uv.ENOTSUP) { // libuv before 1.50
			uvtest.IsErr(t, "TrySend2", err, uv.EMSGSIZE)
		}
	}
	refused := func(err error) {
		failed.Inc()
		uvtest.IsErr(t, "SendFunc", err, uv.EMSGSIZE)
	}
	uvtest.Check(t, u.SendFunc(refused, addr, make([]byte, 65_508)))
	uvtest.Check(t, u.SendFunc(refused, addr, make([]byte, 40_000), make([]byte, 40_000)))
	looptest.Until(t, l, func() bool { return failed.N() == 2 })
	uvtest.CloseAll(t, u)
	looptest.Run(t, l)
}

// TestUDPFailureIsItsOwn: of datagrams that are sent together one fails, and the others
// arrive.
func TestUDPFailureIsItsOwn(t *testing.T) {
	l := looptest.New(t)
	a, addrA := udp(t, l, looptest.Loopback)
	b, addr := udp(t, l, looptest.Loopback)
	got := receive(t, b, addrA)
	broadcast := netip.MustParseAddrPort("255.255.255.255:9") // EACCES unless allowed
	var errs []error
	a.OnSent(func(queued int, err error) { errs = append(errs, err) })
	ends := make(map[int]error)
	for i := range 60 {
		to := addr
		if i%6 == 5 {
			to = broadcast
		}
		if i%2 == 0 || i%12 == 5 {
			uvtest.Check(t, a.SendFunc(func(err error) { ends[i] = err }, to, []byte{byte(i)}))
		} else {
			uvtest.Check(t, a.Send([]byte{byte(i)}, to))
		}
	}
	looptest.Until(t, l, func() bool { return len(*got) == 50 && len(ends) == 35 && len(errs) == 5 })
	for i, err := range ends {
		if want := i%6 == 5; (err != nil) != want {
			t.Errorf("datagram %d: %v", i, err)
		}
	}
	for _, err := range errs {
		uvtest.IsErr(t, "OnSent", err, unix.EACCES)
	}
	at := 0
	for i := range 60 {
		if i%6 != 5 {
			if (*got)[at][0] != byte(i) {
				t.Errorf("place %d: datagram %d, want %d", at, (*got)[at][0], i)
			}
			at++
		}
	}
	uvtest.Check(t, a.SetBroadcast(true))
	if err := a.TrySend([]byte("x"), broadcast); errors.Is(err, unix.EACCES) {
		t.Errorf("broadcast that is allowed: %v", err)
	}
	uvtest.CloseAll(t, a, b)
	looptest.Run(t, l)
}

// TestUDPBadInput: each bad argument has its error, and changes nothing.
func TestUDPBadInput(t *testing.T) {
	l := looptest.New(t)
	_, err := handles.NewUDP(nil)
	uvtest.IsErr(t, "no loop", err, uv.EINVAL)
	for _, bad := range []handles.UDPOption{handles.WithSocket(5), handles.WithSocket(0), nil} {
		_, err = l.NewUDP(bad)
		uvtest.IsErr(t, "a bad option", err, uv.EINVAL)
	}
	u := uvtest.Must(l.NewUDP())
	to := netip.MustParseAddrPort("127.0.0.1:9")
	zone := netip.MustParseAddrPort("[fe80::1%no-such-interface]:9")
	group := netip.MustParseAddr("239.1.2.3")
	none := netip.Addr{}
	null := uvtest.Must(os.Open(os.DevNull))
	defer null.Close()
	portOnly := netip.AddrPortFrom(none, 9)
	for what, err := range map[string]error{
		"bind to nothing":          u.Bind(nobody),
		"bind to a zone":           u.Bind(zone),
		"bind, bad option":         u.Bind(to, 1<<20),
		"IPv6 only on IPv4":        u.Bind(looptest.Loopback, handles.IPv6Only),
		"TCP with UDP's option":    uvtest.Must(l.NewTCP()).Bind(looptest.Loopback, handles.ReuseAddr),
		"connect to nothing":       u.Connect(nobody),
		"connect to a zone":        u.Connect(zone),
		"receive by nil":           u.RecvStart(nil),
		"SendFunc of nothing":      u.SendFunc(nil, to),
		"Send to a zone":           u.Send(nil, zone),
		"TrySend to a zone":        u.TrySend(nil, zone),
		"SendFunc to a port":       u.SendFunc(nil, portOnly, nil),
		"join nothing":             u.JoinGroup(none, none),
		"join no group":            u.JoinGroup(to.Addr(), none),
		"join, IPv6 interface":     u.JoinGroup(group, netip.IPv6Loopback()),
		"join, no such zone":       u.JoinGroup(netip.MustParseAddr("ff02::1%no-such-interface"), none),
		"source group, no source":  u.JoinSourceGroup(group, none, none),
		"source group, other kind": u.JoinSourceGroup(group, none, netip.IPv6Loopback()),
		"TTL 0":                    u.SetTTL(0),
		"TTL 256":                  u.SetTTL(256),
		"TTL that C cannot hold":   u.SetTTL(1<<32 + 1),
		"multicast TTL -1":         u.SetMulticastTTL(-1),
		"multicast TTL 256":        u.SetMulticastTTL(256),
		"open of a file":           uvtest.Must(l.NewUDP()).Open(null.Fd()),
	} {
		uvtest.IsErr(t, what, err, uv.EINVAL)
	}
	_, err = u.TrySend2(nil)
	uvtest.IsErr(t, "TrySend2 of nothing", err, uv.EINVAL)
	_, err = u.TrySend2([]handles.Datagram{{Addr: to}, {}})
	uvtest.IsErr(t, "TrySend2 with one to nobody", err, uv.EDESTADDRREQ)
	uvtest.IsErr(t, "a descriptor that is none", uvtest.Must(l.NewUDP()).Open(1<<20), uv.EBADF)
	uvtest.IsErr(t, "Send to nobody", u.Send(nil, nobody), uv.EDESTADDRREQ)
	uvtest.IsErr(t, "Disconnect without a peer", u.Disconnect(), uv.ENOTCONN)
	uvtest.Check(t, u.Connect(to))
	uvtest.IsErr(t, "Open with a socket", u.Open(0), uv.EBUSY)
	for h := range l.Walk() {
		uvtest.Check(t, h.Close())
	}
	closed(t, u)
	looptest.Run(t, l)
	closed(t, u)
}

// closed checks that every call of a closed handle fails, and none crashes.
func closed(t *testing.T, u *handles.UDP) {
	t.Helper()
	addr := netip.MustParseAddrPort("127.0.0.1:9")
	ip := addr.Addr()
	_, nameErr := u.LocalAddr()
	_, peerErr := u.RemoteAddr()
	_, fdErr := u.FD()
	_, try2Err := u.TrySend2([]handles.Datagram{{Addr: addr}})
	for what, err := range map[string]error{
		"Bind": u.Bind(addr), "Open": u.Open(0), "Connect": u.Connect(addr), "Disconnect": u.Disconnect(),
		"LocalAddr": nameErr, "RemoteAddr": peerErr, "FD": fdErr, "TrySend2": try2Err,
		"RecvStart": u.RecvStart(func(handles.Datagram, error) {}), "RecvStop": u.RecvStop(),
		"Send": u.Send(nil, addr), "SendFunc": u.SendFunc(nil, addr, nil), "TrySend": u.TrySend(nil, addr),
		"JoinGroup": u.JoinGroup(ip, ip), "LeaveGroup": u.LeaveGroup(ip, ip),
		"JoinSourceGroup": u.JoinSourceGroup(ip, ip, ip), "LeaveSourceGroup": u.LeaveSourceGroup(ip, ip, ip),
		"SetMulticastInterface": u.SetMulticastInterface(ip), "SetMulticastLoop": u.SetMulticastLoop(true),
		"SetMulticastTTL": u.SetMulticastTTL(1), "SetTTL": u.SetTTL(1), "SetBroadcast": u.SetBroadcast(true),
	} {
		uvtest.IsErr(t, what, err, uv.ErrClosed)
	}
	u.OnDrained(func() {})
	u.OnSent(nil)
	if u.Active() || u.HasRef() && !u.Closing() {
		t.Error("a closed handle is active")
	}
	uvtest.Check(t, u.Close())
	_ = u.SendQueueSize() + u.SendQueueCount()
	_ = u.UsingRecvMMsg()
}
