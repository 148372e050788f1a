package uvnet

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestUDP sends packets both ways, by every method.
func TestUDP(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	p, err := ListenPacket("udp", "127.0.0.1:0")
	uvtest.Check(t, err)
	defer p.Close()
	c, err := Dial("udp", p.LocalAddr().String())
	uvtest.Check(t, err)
	defer c.Close()
	buf := make([]byte, 100)
	for _, want := range []string{"one", "two", "", "three"} {
		if _, err := c.Write([]byte(want)); err != nil {
			t.Fatal(err)
		}
		n, from, err := p.ReadFrom(buf)
		if err != nil || string(buf[:n]) != want || from.String() != c.LocalAddr().String() {
			t.Fatalf("%q from %v, %v", buf[:n], from, err)
		}
		if _, err := p.WriteTo([]byte("re:"+want), from); err != nil {
			t.Fatal(err)
		}
		if n, err = c.Read(buf); err != nil || string(buf[:n]) != "re:"+want {
			t.Fatalf("%q, %v", buf[:n], err)
		}
	}
	u := p.(*UDPConn)
	if _, _, err := c.(*UDPConn).WriteMsgUDP([]byte("msg"), nil, nil); err != nil {
		t.Fatal(err)
	}
	n, _, _, from, err := u.ReadMsgUDP(buf, nil)
	if err != nil || string(buf[:n]) != "msg" || from.String() != c.LocalAddr().String() {
		t.Fatalf("%q from %v, %v", buf[:n], from, err)
	}
}

// TestUDPWaits: a receiver waits for its packet, until its deadline, or Close.
func TestUDPWaits(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	p, err := ListenPacket("udp4", "127.0.0.1:0")
	uvtest.Check(t, err)
	c, err := net.Dial("udp", p.LocalAddr().String())
	uvtest.Check(t, err)
	defer c.Close()
	for range 50 {
		got := make(chan error, 1)
		go func() { _, _, err := p.ReadFrom(make([]byte, 9)); got <- err }()
		uvtest.Check(t, write(c))
		uvtest.Check(t, <-got)
	}
	uvtest.Check(t, p.SetReadDeadline(time.Now().Add(time.Millisecond)))
	if _, _, err := p.ReadFrom(make([]byte, 9)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("deadline: %v", err)
	}
	uvtest.Check(t, p.SetReadDeadline(time.Time{}))
	got := make(chan error, 1)
	go func() { _, _, err := p.ReadFrom(make([]byte, 9)); got <- err }()
	p.Close()
	if err := <-got; !errors.Is(err, net.ErrClosed) {
		t.Errorf("close: %v", err)
	}
}

// TestUDPErrors makes the same mistakes with both packages.
func TestUDPErrors(t *testing.T) {
	for name, run := range map[string]func(w world) error{
		"nobody there": func(w world) error {
			free, err := net.ListenPacket("udp", "127.0.0.1:0")
			uvtest.Check(t, err)
			free.Close()
			c, err := w.dial("udp", free.LocalAddr().String())
			uvtest.Check(t, err)
			defer c.Close()
			uvtest.Check(t, write(c))
			return read(c)
		},
		"write to connected": func(w world) error {
			c, err := w.dial("udp", "127.0.0.1:9")
			uvtest.Check(t, err)
			defer c.Close()
			_, err = c.(net.PacketConn).WriteTo([]byte("x"), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9})
			return err
		},
		"write to wrong type": func(w world) error {
			p, err := w.packet("udp", "127.0.0.1:0")
			uvtest.Check(t, err)
			defer p.Close()
			_, err = p.WriteTo([]byte("x"), &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9})
			return err
		},
		"too large": func(w world) error {
			p, err := w.packet("udp", "127.0.0.1:0")
			uvtest.Check(t, err)
			defer p.Close()
			_, err = p.WriteTo(make([]byte, 70_000), p.LocalAddr())
			return err
		},
		"closed": func(w world) error {
			p, err := w.packet("udp", "127.0.0.1:0")
			uvtest.Check(t, err)
			p.Close()
			_, _, err = p.ReadFrom(nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := shapeOf(run(worlds[0])), shapeOf(run(worlds[1]))
			if name == "too large" { // package net says sendto, which is sendmsg here
				ours.Text, theirs.Text = "", ""
			}
			if diff := cmp.Diff(theirs, ours); diff != "" {
				t.Errorf("(-net +uvnet)\n%s", diff)
			}
		})
	}
}

// packetMethods are those of a UDP socket beyond net.PacketConn.
type packetMethods interface {
	net.PacketConn
	ReadFromUDPAddrPort(p []byte) (n int, addr netip.AddrPort, err error)
	ReadFromUDP(p []byte) (int, *net.UDPAddr, error)
	ReadMsgUDP(p, oob []byte) (n, oobn, flags int, addr *net.UDPAddr, err error)
	ReadMsgUDPAddrPort(p, oob []byte) (n, oobn, flags int, addr netip.AddrPort, err error)
	WriteMsgUDPAddrPort(p, oob []byte, addr netip.AddrPort) (n, oobn int, err error)
	WriteToUDPAddrPort(p []byte, addr netip.AddrPort) (int, error)
	WriteMsgUDP(p, oob []byte, addr *net.UDPAddr) (n, oobn int, err error)
	WriteToUDP(p []byte, addr *net.UDPAddr) (int, error)
	Read(p []byte) (int, error)
	Write(p []byte) (int, error)
}

// TestUDPAddresses sends to addresses of every kind, good and bad, with both
// packages, and compares what becomes of it.
func TestUDPAddresses(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	type outcome struct {
		N, OOB int
		Err    shape
	}
	var got [2]map[string]outcome
	for i, w := range worlds {
		got[i] = map[string]outcome{}
		for _, network := range []string{"udp4", "udp"} {
			at := map[string]string{"udp4": "127.0.0.1:0", "udp": ":0"}[network]
			p, err := w.packet(network, at)
			uvtest.Check(t, err)
			u := p.(packetMethods)
			port := p.LocalAddr().(*net.UDPAddr).AddrPort().Port()
			cc, err := w.dial("udp", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port).String())
			uvtest.Check(t, err)
			c := cc.(packetMethods)
			v4 := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)
			mapped := netip.AddrPortFrom(netip.MustParseAddr("::ffff:127.0.0.1"), port)
			v6 := netip.AddrPortFrom(netip.MustParseAddr("2001:db8::1"), port)
			note := func(name string, n, oob int, err error) {
				s := shapeOf(err)
				s.Text = "" // the call's name differs
				got[i][network+" "+name] = outcome{n, oob, s}
				if err != nil {
					return
				}
				n, _, _, from, err := u.ReadMsgUDPAddrPort(make([]byte, 9), nil)
				if err != nil || n != 1 || !from.IsValid() {
					t.Errorf("%s %s: received %d bytes from %v, %v", w.name, name, n, from, err)
				}
			}
			for name, addr := range map[string]netip.AddrPort{"v4": v4, "mapped": mapped, "none": {}} {
				n, err := u.WriteToUDPAddrPort([]byte("x"), addr)
				note("to "+name, n, 0, err)
				n, oob, err := u.WriteMsgUDPAddrPort([]byte("x"), nil, addr)
				note("msg "+name, n, oob, err)
				n, err = c.WriteToUDPAddrPort([]byte("x"), addr)
				note("connected to "+name, n, 0, err)
				n, oob, err = c.WriteMsgUDPAddrPort([]byte("x"), nil, addr)
				note("connected msg "+name, n, oob, err)
			}
			if network == "udp4" {
				n, err := u.WriteToUDPAddrPort([]byte("x"), v6)
				note("to v6", n, 0, err)
			}
			for i, bad := range []*net.UDPAddr{{Port: -1}, {Port: 65536 + int(port)}, {IP: net.IP{1, 2, 3}}} {
				n, err := u.WriteToUDP([]byte("x"), bad)
				note(fmt.Sprint("to bad ", i), n, 0, err)
				n, oob, err := u.WriteMsgUDP([]byte("x"), nil, bad)
				note(fmt.Sprint("msg to bad ", i), n, oob, err)
			}
			n, err := u.WriteToUDP([]byte("x"), nil)
			note("to nil", n, 0, err)
			n, oob, err := u.WriteMsgUDP([]byte("x"), nil, nil)
			note("msg to nil", n, oob, err)
			n, err = c.Write([]byte("x"))
			note("write", n, 0, err)
			n, err = c.Read(nil)
			got[i][network+" read nothing"] = outcome{n, 0, shapeOf(err)}
			uvtest.Check(t, c.SetReadDeadline(time.Unix(1, 0)))
			n, err = c.Read(nil)
			got[i][network+" read nothing too late"] = outcome{n, 0, shapeOf(err)}
			c.Close()
			n, err = c.Read(nil)
			got[i][network+" read nothing closed"] = outcome{n, 0, shapeOf(err)}
			p.Close()
		}
	}
	if diff := cmp.Diff(got[1], got[0]); diff != "" {
		t.Errorf("(-net +uvnet)\n%s", diff)
	}
}
