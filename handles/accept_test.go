package handles_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/uv"
)

// TestAcceptAheadHeedsThePause: C takes many connections in one poll, the first
// callback pauses, and the others wait until they are asked for.
func TestAcceptAheadHeedsThePause(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		const clients = 10
		var from []netip.AddrPort
		var s *handles.TCP
		s, addr := listen(t, l, func(c *handles.TCP, err error) {
			check(t, err)
			check(t, s.PauseAccept())
			from = append(from, must(c.RemoteAddr()))
			closeAll(t, c)
		})
		want := dialAll(t, addr, clients)
		for n := 1; n <= clients/2; n++ {
			until(t, l, func() bool { return len(from) == n })
			turn(t, l, 3)
			if len(from) != n {
				t.Fatalf("%d connections were accepted while paused", len(from)-n)
			}
			check(t, s.ResumeAccept())
			if len(from) != n {
				t.Fatal("accepted inside the call")
			}
		}
		for i, a := range from {
			if a != want[i] {
				t.Errorf("connection %d comes from %v, want %v", i, a, want[i])
			}
		}
		closeAll(t, s) // the rest was never taken: TestMain looks for descriptors
		looptest.Run(t, l)
	})
}

// TestAcceptAheadAfterAPanic: the callback's panic loses none of those that wait.
func TestAcceptAheadAfterAPanic(t *testing.T) {
	const clients = 6
	panics := 0
	l := must(uvgo.New(uvgo.WithPanicHandler(func(*uv.PanicError) { panics++ })))
	accepted := 0
	var s *handles.TCP
	s, addr := listen(t, l, func(c *handles.TCP, err error) {
		closeAll(t, c)
		if accepted++; accepted == 1 {
			check(t, s.PauseAccept())
		}
		if accepted == clients {
			closeAll(t, s)
		}
		panic("accept")
	})
	dialAll(t, addr, clients)
	until(t, l, func() bool { return accepted == 1 })
	turn(t, l, 3)
	check(t, s.ResumeAccept())
	looptest.Run(t, l)
	if panics != clients || accepted != clients {
		t.Errorf("%d panics, %d accepted, want %d", panics, accepted, clients)
	}
	check(t, l.Close())
}

// TestAcceptedPeer compares what the accept reports of the peer with what the
// peer says: IPv4, IPv4 inside IPv6, and IPv6.
func TestAcceptedPeer(t *testing.T) {
	for _, tt := range []struct{ listen, dial string }{
		{"127.0.0.1", "127.0.0.1"}, {"::", "127.0.0.1"}, {"::", "::1"},
	} {
		t.Run(tt.listen+" "+tt.dial, func(t *testing.T) {
			l := must(uvgo.New())
			s := must(l.NewTCP())
			check(t, s.Bind(netip.AddrPortFrom(netip.MustParseAddr(tt.listen), 0)))
			var got []netip.AddrPort
			check(t, s.Listen(8, func(c *handles.TCP, err error) {
				check(t, err)
				got = append(got, must(c.RemoteAddr()))
				closeAll(t, c)
				if len(got) == 3 {
					closeAll(t, s)
				}
			}))
			port := must(s.LocalAddr()).Port()
			want := dialAll(t, netip.AddrPortFrom(netip.MustParseAddr(tt.dial), port), 3)
			looptest.Run(t, l)
			for i, a := range got {
				if a.Addr().Is4In6() != (tt.listen != tt.dial && tt.dial != "::1") {
					t.Errorf("%v has the wrong form", a)
				}
				if a = netip.AddrPortFrom(a.Addr().Unmap(), a.Port()); a != want[i] {
					t.Errorf("connection %d comes from %v, want %v", i, a, want[i])
				}
			}
			check(t, l.Close())
		})
	}
}

// dialAll connects n clients, which stay until the test ends, and returns their
// addresses.
func dialAll(t *testing.T, addr netip.AddrPort, n int) []netip.AddrPort {
	t.Helper()
	var locals []netip.AddrPort
	for range n {
		c := must(net.Dial("tcp", addr.String()))
		t.Cleanup(func() { c.Close() })
		locals = append(locals, c.LocalAddr().(*net.TCPAddr).AddrPort())
	}
	return locals
}
