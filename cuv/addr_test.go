package cuv_test

import (
	"net/netip"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/cuv"
)

// connect returns both ends of a new connection.
func connect(t *testing.T, l *cuv.Loop) (client, server *cuv.Handle) {
	t.Helper()
	ln, c := newHandle(t, l, kindTCP, 100), newHandle(t, l, kindTCP, 101)
	if rc := ln.TCPBind(netip.MustParseAddrPort("127.0.0.1:0"), 0); rc != 0 {
		t.Fatalf("bind: %s", cuv.ErrName(rc))
	}
	if rc := ln.Listen(1); rc != 0 {
		t.Fatalf("listen: %s", cuv.ErrName(rc))
	}
	addr, rc := ln.TCPName(false)
	if rc != 0 {
		t.Fatalf("name: %s", cuv.ErrName(rc))
	}
	if rc := c.TCPConnect(addr, 102, 1); rc != 0 {
		t.Fatalf("connect: %s", cuv.ErrName(rc))
	}
	connected := false
	for !connected || server == nil {
		l.Turn(cuv.RunOnce, false)
		for _, ev := range events(l) {
			switch ev.Kind {
			case cuv.EvConnect:
				if ev.Status != 0 || ev.Slot != 102 || ev.Gen != 1 {
					t.Fatalf("connected: %+v", ev)
				}
				connected = true
			case cuv.EvAccept:
				server = ev.Accepted()
				if server.Slot != cuv.NoSlot {
					t.Errorf("an accepted handle has slot %d", server.Slot)
				}
				server.Slot = 103
			}
		}
	}
	closeAll(t, l, ln)
	return c, server
}

// TestAddressesCrossTheBorder binds to addresses and asks for them again.
func TestAddressesCrossTheBorder(t *testing.T) {
	l := newLoop(t, 64)
	for _, text := range []string{"127.0.0.1:0", "0.0.0.0:0", "127.1.2.3:0", "[::1]:0", "[::]:0"} {
		want := netip.MustParseAddrPort(text)
		h := newHandle(t, l, kindTCP, 0)
		if rc := h.TCPBind(want, 0); rc != 0 {
			if !want.Addr().Is6() {
				t.Errorf("bind to %s: %s", text, cuv.ErrName(rc))
			}
			closeAll(t, l, h)
			continue // no IPv6 here
		}
		got, rc := h.TCPName(false)
		if rc != 0 || got.Addr() != want.Addr() || got.Port() == 0 {
			t.Errorf("bound to %s: %v, %d", text, got, rc)
		}
		if _, rc := h.TCPName(true); cuv.ErrName(rc) != "ENOTCONN" {
			t.Errorf("the peer of a bound socket: %s", cuv.ErrName(rc))
		}
		closeAll(t, l, h)
	}
	h := newHandle(t, l, kindTCP, 0)
	if name := cuv.ErrName(h.TCPBind(netip.AddrPort{}, 0)); name != "EINVAL" {
		t.Errorf("bind to no address: %s", name)
	}
	closeAll(t, l, h)
}

// TestErrorNames compares libuv's names with the codes that it translates.
func TestErrorNames(t *testing.T) {
	for errno, want := range map[syscall.Errno]string{
		syscall.ENOENT: "ENOENT", syscall.EAGAIN: "EAGAIN", syscall.ECONNRESET: "ECONNRESET",
	} {
		if got := cuv.ErrName(cuv.Translate(int(errno))); got != want {
			t.Errorf("errno %d is %s, want %s", errno, got, want)
		}
	}
	if cuv.VersionHex() != cuv.HeaderHex() && cuv.Linkage == "static" {
		t.Errorf("compiled with %#x, linked with %#x", cuv.HeaderHex(), cuv.VersionHex())
	}
}
