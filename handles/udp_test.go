package handles_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// sortedStrings compares without regard to order.
var sortedStrings = cmp.Transformer("sorted", func(s []string) map[string]int {
	n := make(map[string]int)
	for _, v := range s {
		n[v]++
	}
	return n
})

var loopback6 = netip.MustParseAddrPort("[::1]:0")

// udp makes a handle bound to a free port of the address.
func udp(t testing.TB, l *uvgo.Loop, addr netip.AddrPort, opts ...handles.UDPOption) (*handles.UDP, netip.AddrPort) {
	t.Helper()
	u := uvtest.Must(l.NewUDP(opts...))
	uvtest.Check(t, u.Bind(addr))
	return u, uvtest.Must(u.LocalAddr())
}

// receive collects datagrams as text with their senders.
func receive(t testing.TB, u *handles.UDP, from netip.AddrPort) *[]string {
	t.Helper()
	var got []string
	uvtest.Check(t, u.RecvStart(func(d handles.Datagram, err error) {
		uvtest.Check(t, err)
		if d.Addr != from || d.Truncated {
			t.Errorf("%d bytes from %v, truncated %t, want from %v", len(d.Data), d.Addr, d.Truncated, from)
		}
		got = append(got, string(d.Data))
	}))
	return &got
}

// receiveWays are the options of both ways to receive.
var receiveWays = [][]handles.UDPOption{nil, {handles.RecvMMsg}}

// eachUDP runs a test with both ways to wait, to receive, and families.
func eachUDP(t *testing.T, fn func(t *testing.T, l *uvgo.Loop, any netip.AddrPort, opts []handles.UDPOption), opts ...uvgo.Option) {
	for _, any := range []netip.AddrPort{looptest.Loopback, loopback6} {
		for opt, name := range []string{"recvmsg", "recvmmsg"} {
			t.Run(fmt.Sprintf("%v/%s", any.Addr(), name), func(t *testing.T) {
				looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) { fn(t, l, any, receiveWays[opt]) }, opts...)
			})
		}
	}
}

// TestUDPSends compares the datagrams that arrive, for all ways of sending: in order,
// complete, with the right sender, and empty ones as well.
func TestUDPSends(t *testing.T) {
	eachUDP(t, func(t *testing.T, l *uvgo.Loop, any netip.AddrPort, opts []handles.UDPOption) {
		a, addrA := udp(t, l, any)
		b, addrB := udp(t, l, any, opts...)
		got := receive(t, b, addrA)
		var want []string
		sent := 0
		done := func(err error) {
			uvtest.Check(t, err)
			sent++
		}
		for i, size := range []int{0, 1, 5, 1000, 4096, 5000, 20_000, 65_507} {
			text := string(uvtest.Pattern(size, uint32(i)))
			p := []byte(text)
			for _, send := range []func() error{
				func() error { defer clear(p); return a.Send(p, addrB) }, // p is borrowed
				func() error { return a.SendFunc(done, addrB, []byte(text)) },
				func() error { return a.SendFunc(done, addrB, []byte(text[:size/3]), nil, []byte(text[size/3:])) },
				func() error { return a.SendFunc(done, addrB, bytes.SplitAfter([]byte(text), []byte{7})...) },
				func() error { return a.TrySend([]byte(text), addrB) },
			} {
				uvtest.Check(t, send())
				if want = append(want, text); size > 4096 { // the kernel keeps few of these
					looptest.Until(t, l, func() bool { return len(*got) == len(want) })
				}
			}
			looptest.Until(t, l, func() bool { return len(*got) == len(want) && sent == (i+1)*3 })
		}
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Error("datagrams differ, or came in another order")
		}
		uvtest.CloseAll(t, a, b)
		looptest.Run(t, l)
	})
}

// TestUDPEcho sends datagrams back from the read arena, which the next turn reuses.
func TestUDPEcho(t *testing.T) {
	eachUDP(t, func(t *testing.T, l *uvgo.Loop, any netip.AddrPort, opts []handles.UDPOption) {
		const rounds, most = 30, 8
		a, _ := udp(t, l, any, opts...)
		b, addrB := udp(t, l, any, opts...)
		uvtest.Check(t, b.RecvStart(func(d handles.Datagram, err error) {
			uvtest.Check(t, err)
			at := len(d.Data) / 3
			uvtest.Check(t, b.Send(d.Data, d.Addr))
			uvtest.Check(t, b.SendFunc(nil, d.Addr, d.Data))
			uvtest.Check(t, b.SendFunc(nil, d.Addr, d.Data[:at], d.Data[at:]))
			n, err := b.TrySend2([]handles.Datagram{d, d})
			if err != nil {
				uvtest.IsErr(t, "TrySend2", err, uv.ENOTSUP) // libuv before 1.50
			}
			for ; n < 2; n++ {
				uvtest.Check(t, b.Send(d.Data, d.Addr))
			}
		}))
		got := receive(t, a, addrB)
		for i := range rounds {
			*got = nil
			var want []string
			for j := range 1 + i%most {
				size := 1 + (i*j*j*37)%600
				text := string(uvtest.Pattern(size, uint32(i*100+j)))
				uvtest.Check(t, a.Send([]byte(text), addrB))
				want = append(want, text, text, text, text, text)
			}
			looptest.Until(t, l, func() bool { return len(*got) >= len(want) })
			if !cmp.Equal(want, *got, sortedStrings) {
				t.Fatalf("round %d: what came back differs", i)
			}
		}
		uvtest.CloseAll(t, a, b)
		looptest.Run(t, l)
	})
}

// TestUDPOutOfArena: with an arena for one datagram at a time no datagram is lost or
// truncated, and every handle is served, beside others and a busy stream.
func TestUDPOutOfArena(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		const handlesN, each = 4, 20
		src, from := udp(t, l, looptest.Loopback)
		var got [handlesN]*[]string
		var all []*handles.UDP
		var want []string
		for i := range each {
			want = append(want, string(uvtest.Pattern(i*200, uint32(i))))
		}
		in, out := looptest.Pair(t, l) // a stream that always has something to read
		stop := false
		uvtest.Check(t, out.ReadStart(func(p []byte, err error) {
			uvtest.Check(t, err)
			if !stop {
				uvtest.Check(t, in.WriteFunc(nil, make([]byte, len(p))))
			}
		}))
		uvtest.Check(t, in.WriteFunc(nil, make([]byte, 300_000)))
		for i := range handlesN {
			u, addr := udp(t, l, looptest.Loopback)
			got[i] = receive(t, u, from)
			all = append(all, u)
			for _, text := range want {
				uvtest.Check(t, src.Send([]byte(text), addr))
			}
		}
		looptest.Until(t, l, func() bool {
			for i := range got {
				if len(*got[i]) < each {
					return false
				}
			}
			return true
		})
		for i := range got {
			if diff := cmp.Diff(want, *got[i]); diff != "" {
				t.Errorf("handle %d: datagrams differ", i)
			}
			uvtest.CloseAll(t, all[i])
		}
		stop = true
		uvtest.CloseAll(t, in, out, src)
		looptest.Run(t, l)
	}, smallArenas)
}

// TestUDPOutOfArenaDoesNotSpin: a turn that does not read a handle for want of arena
// has read another one.
func TestUDPOutOfArenaDoesNotSpin(t *testing.T) {
	l := looptest.New(t, smallArenas)
	const n = 40
	src, _ := udp(t, l, looptest.Loopback)
	a, addrA := udp(t, l, looptest.Loopback)
	b, addrB := udp(t, l, looptest.Loopback)
	got := 0
	for i, u := range []*handles.UDP{a, b} {
		for range n {
			uvtest.Check(t, src.TrySend([]byte("x"), []netip.AddrPort{addrA, addrB}[i]))
		}
		uvtest.Check(t, u.RecvStart(func(d handles.Datagram, err error) {
			uvtest.Check(t, err)
			got++
		}))
	}
	barren := 0
	for got < 2*n {
		before, there := got, hungUp(t, a, unix.POLLIN) || hungUp(t, b, unix.POLLIN)
		if looptest.Turn(t, l, 1); there && got == before { // one datagram a turn fits
			barren++
		}
	}
	if barren > 4 {
		t.Errorf("%d turns brought nothing although datagrams were there", barren)
	}
	uvtest.CloseAll(t, src, a, b)
	looptest.Run(t, l)
}

// TestUDPRecvStopKeeps: datagrams that C has read before RecvStop are delivered after
// the next RecvStart, in order, and not during that call.
func TestUDPRecvStopKeeps(t *testing.T) {
	eachUDP(t, func(t *testing.T, l *uvgo.Loop, any netip.AddrPort, opts []handles.UDPOption) {
		const n = 30 // fit into one turn
		a, addrA := udp(t, l, any)
		b, addrB := udp(t, l, any, opts...)
		var want, got []string
		for i := range n {
			want = append(want, fmt.Sprint(i))
			uvtest.Check(t, a.TrySend([]byte(want[i]), addrB))
		}
		recv := func(d handles.Datagram, err error) {
			uvtest.Check(t, err)
			if d.Addr != addrA {
				t.Errorf("from %v, want %v", d.Addr, addrA)
			}
			if got = append(got, string(d.Data)); len(got)%7 == 0 {
				uvtest.Check(t, b.RecvStop())
			}
		}
		uvtest.Check(t, b.RecvStart(recv))
		for len(got) < n {
			at := len(got)
			looptest.Until(t, l, func() bool { return len(got) == n || len(got) > at && len(got)%7 == 0 })
			looptest.Turn(t, l, 2)
			if len(got) > at+7 {
				t.Fatalf("%d datagrams after RecvStop", len(got)-at-7)
			}
			if len(got) < n {
				before := len(got)
				uvtest.Check(t, b.RecvStart(recv))
				uvtest.IsErr(t, "a second RecvStart", b.RecvStart(recv), uv.EALREADY)
				if len(got) != before {
					t.Fatal("delivered inside the call")
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		uvtest.CloseAll(t, a, b)
		looptest.Run(t, l)
	})
}

// TestUDPKeptIsDiscardedByClose: Close discards kept datagrams, and the loop can end.
func TestUDPKeptIsDiscardedByClose(t *testing.T) {
	l := looptest.New(t)
	a, _ := udp(t, l, looptest.Loopback)
	b, addr := udp(t, l, looptest.Loopback)
	for range 10 {
		uvtest.Check(t, a.TrySend([]byte("x"), addr))
	}
	got := uvtest.NewCounter(t, "receive callback", 1)
	uvtest.Check(t, b.RecvStart(func(handles.Datagram, error) {
		got.Inc()
		uvtest.Check(t, b.RecvStop())
		uvtest.Check(t, a.Close())
	}))
	looptest.Run(t, l) // nothing is left to do
	uvtest.Check(t, b.RecvStart(func(handles.Datagram, error) { got.Inc() }))
	uvtest.Check(t, b.Close())
	looptest.Run(t, l)
}

// TestUDPPanicLosesNothing: after a callback's panic the next run delivers the
// remaining datagrams, kept ones included.
func TestUDPPanicLosesNothing(t *testing.T) {
	panics := 0
	l := uvtest.Must(uvgo.New(uvgo.WithPanicHandler(func(*uv.PanicError) { panics++ })))
	a, _ := udp(t, l, looptest.Loopback)
	b, addr := udp(t, l, looptest.Loopback)
	const n = 12
	for i := range n {
		uvtest.Check(t, a.TrySend([]byte{byte(i)}, addr))
	}
	var got []byte
	var recv func(d handles.Datagram, err error)
	recv = func(d handles.Datagram, err error) {
		if got = append(got, d.Data...); len(got) == 3 {
			uvtest.Check(t, b.RecvStop())
			uvtest.Check(t, b.RecvStart(recv))
		}
		panic("recv")
	}
	uvtest.Check(t, b.RecvStart(recv))
	looptest.Until(t, l, func() bool { return len(got) == n })
	if panics != n || !bytes.Equal(got, []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}) {
		t.Errorf("%d panics, got %v", panics, got)
	}
	uvtest.CloseAll(t, a, b)
	looptest.Run(t, l)
	uvtest.Check(t, l.Close())
}

// TestUDPTruncates: a datagram longer than the internet's longest one is truncated.
func TestUDPTruncates(t *testing.T) {
	for opt, name := range []string{"recvmsg", "recvmmsg"} {
		t.Run(name, func(t *testing.T) {
			l := looptest.New(t)
			a, b := unixUDP(t, l, receiveWays[opt]...)
			const most = 64 << 10
			want := uvtest.Pattern(most+4000, 1)
			var got []handles.Datagram
			uvtest.Check(t, b.RecvStart(func(d handles.Datagram, err error) {
				uvtest.Check(t, err)
				d.Data = bytes.Clone(d.Data)
				got = append(got, d)
			}))
			for _, n := range []int{10, most, most + 1, most + 4000, 20} {
				uvtest.Check(t, a.Send(want[:n], netip.AddrPort{}))
				looptest.Until(t, l, func() bool { return a.SendQueueSize() == 0 })
			}
			looptest.Until(t, l, func() bool { return len(got) == 5 })
			for i, n := range []int{10, most, most, most, 20} {
				d := got[i]
				if d.Truncated != (i == 2 || i == 3) || !bytes.Equal(d.Data, want[:n]) {
					t.Errorf("datagram %d: %d bytes, truncated %t", i, len(d.Data), d.Truncated)
				}
			}
			uvtest.CloseAll(t, a, b)
			looptest.Run(t, l)
		})
	}
}

// unixUDP returns both ends of a pair of unix datagram sockets.
func unixUDP(t testing.TB, l *uvgo.Loop, opts ...handles.UDPOption) (a, b *handles.UDP) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	uvtest.Check(t, err)
	a, b = uvtest.Must(l.NewUDP()), uvtest.Must(l.NewUDP(opts...))
	for i, u := range []*handles.UDP{a, b} {
		uvtest.Check(t, u.Open(uintptr(fds[i])))
		unix.Close(fds[i])
	}
	return a, b
}

// TestUDPErrorNamesTheAddress: the error of a failed send names the address.
func TestUDPErrorNamesTheAddress(t *testing.T) {
	l := looptest.New(t)
	u := uvtest.Must(l.NewUDP())
	to := netip.MustParseAddrPort("127.0.0.1:9")
	err := u.TrySend(make([]byte, 70_000), to)
	uvtest.IsErr(t, "too long", err, unix.EMSGSIZE)
	if err == nil || !strings.Contains(err.Error(), "udp try send 127.0.0.1:9: ") {
		t.Errorf("error %q", err)
	}
	uvtest.CloseAll(t, u)
	looptest.Run(t, l)
}
