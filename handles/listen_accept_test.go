package handles_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// TestAcceptHeedsThePause: C accepts many connections in one poll. The first callback
// pauses, and the others are kept until ResumeAccept.
func TestAcceptHeedsThePause(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		const clients = 10
		var from []netip.AddrPort
		var s *handles.TCP
		s, addr := looptest.Listen(t, l, func(c *handles.TCP, err error) {
			uvtest.Check(t, err)
			uvtest.Check(t, s.PauseAccept())
			from = append(from, uvtest.Must(c.RemoteAddr()))
			uvtest.CloseAll(t, c)
		})
		want := dialAll(t, addr, clients)
		for n := 1; n <= clients/2; n++ {
			looptest.Until(t, l, func() bool { return len(from) == n })
			looptest.Turn(t, l, 3)
			if len(from) != n {
				t.Fatalf("%d connections were accepted while paused", len(from)-n)
			}
			uvtest.Check(t, s.ResumeAccept())
			if len(from) != n {
				t.Fatal("accepted inside the call")
			}
		}
		for i, a := range from {
			if a != want[i] {
				t.Errorf("connection %d comes from %v, want %v", i, a, want[i])
			}
		}
		uvtest.CloseAll(t, s) // with kept connections: TestMain finds leaked descriptors
		looptest.Run(t, l)
	})
}

// TestAcceptAfterAPanic: a callback's panic loses no connection that was kept.
func TestAcceptAfterAPanic(t *testing.T) {
	const clients = 6
	panics := 0
	l := uvtest.Must(uvgo.New(uvgo.WithPanicHandler(func(*uv.PanicError) { panics++ })))
	accepted := 0
	var s *handles.TCP
	s, addr := looptest.Listen(t, l, func(c *handles.TCP, err error) {
		uvtest.CloseAll(t, c)
		if accepted++; accepted == 1 {
			uvtest.Check(t, s.PauseAccept())
		}
		if accepted == clients {
			uvtest.CloseAll(t, s)
		}
		panic("accept")
	})
	dialAll(t, addr, clients)
	looptest.Until(t, l, func() bool { return accepted == 1 })
	looptest.Turn(t, l, 3)
	uvtest.Check(t, s.ResumeAccept())
	looptest.Run(t, l)
	if panics != clients || accepted != clients {
		t.Errorf("%d panics, %d accepted, want %d", panics, accepted, clients)
	}
	uvtest.Check(t, l.Close())
}

// TestAcceptedPeer compares the peer's address from accept(2) with the peer's own:
// IPv4, IPv4 mapped to IPv6, and IPv6.
func TestAcceptedPeer(t *testing.T) {
	for _, tt := range []struct{ listen, dial string }{
		{"127.0.0.1", "127.0.0.1"}, {"::", "127.0.0.1"}, {"::", "::1"},
	} {
		t.Run(tt.listen+" "+tt.dial, func(t *testing.T) {
			l := uvtest.Must(uvgo.New())
			s := uvtest.Must(l.NewTCP())
			uvtest.Check(t, s.Bind(netip.AddrPortFrom(netip.MustParseAddr(tt.listen), 0)))
			var got []netip.AddrPort
			uvtest.Check(t, s.Listen(8, func(c *handles.TCP, err error) {
				uvtest.Check(t, err)
				got = append(got, uvtest.Must(c.RemoteAddr()))
				uvtest.CloseAll(t, c)
				if len(got) == 3 {
					uvtest.CloseAll(t, s)
				}
			}))
			port := uvtest.Must(s.LocalAddr()).Port()
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
			uvtest.Check(t, l.Close())
		})
	}
}

// dialAll connects n clients, which stay open until the test ends, and returns their
// addresses.
func dialAll(t *testing.T, addr netip.AddrPort, n int) []netip.AddrPort {
	t.Helper()
	var locals []netip.AddrPort
	for range n {
		c := uvtest.Must(net.Dial("tcp", addr.String()))
		t.Cleanup(func() { c.Close() })
		locals = append(locals, c.LocalAddr().(*net.TCPAddr).AddrPort())
	}
	return locals
}
