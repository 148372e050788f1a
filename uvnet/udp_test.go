package uvnet

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/nettest"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestUDP sends packets both ways, by every method.
func TestUDP(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	p, err := ListenPacket("udp", "127.0.0.1:0")
	check(t, err)
	defer p.Close()
	c, err := Dial("udp", p.LocalAddr().String())
	check(t, err)
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
	check(t, err)
	c, err := net.Dial("udp", p.LocalAddr().String())
	check(t, err)
	defer c.Close()
	for range 50 {
		got := make(chan error, 1)
		go func() { _, _, err := p.ReadFrom(make([]byte, 9)); got <- err }()
		check(t, write(c))
		check(t, <-got)
	}
	check(t, p.SetReadDeadline(time.Now().Add(time.Millisecond)))
	if _, _, err := p.ReadFrom(make([]byte, 9)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("deadline: %v", err)
	}
	check(t, p.SetReadDeadline(time.Time{}))
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
			check(t, err)
			free.Close()
			c, err := w.dial("udp", free.LocalAddr().String())
			check(t, err)
			defer c.Close()
			check(t, write(c))
			return read(c)
		},
		"write to connected": func(w world) error {
			c, err := w.dial("udp", "127.0.0.1:9")
			check(t, err)
			defer c.Close()
			_, err = c.(net.PacketConn).WriteTo([]byte("x"), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9})
			return err
		},
		"write to wrong type": func(w world) error {
			p, err := w.packet("udp", "127.0.0.1:0")
			check(t, err)
			defer p.Close()
			_, err = p.WriteTo([]byte("x"), &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9})
			return err
		},
		"too large": func(w world) error {
			p, err := w.packet("udp", "127.0.0.1:0")
			check(t, err)
			defer p.Close()
			_, err = p.WriteTo(make([]byte, 70_000), p.LocalAddr())
			return err
		},
		"closed": func(w world) error {
			p, err := w.packet("udp", "127.0.0.1:0")
			check(t, err)
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

// TestHappyEyeballs dials a host of two families of which one does not answer.
func TestHappyEyeballs(t *testing.T) {
	if !nettest.SupportsIPv6() {
		t.Skip("this machine has no IPv6 to prefer")
	}
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	check(t, err)
	defer ln.Close()
	port := ln.Addr().(*net.TCPAddr).Port
	d := &Dialer{FallbackDelay: time.Millisecond}
	for _, order := range [][]net.Addr{
		{&net.TCPAddr{IP: net.IPv6loopback, Port: port}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}},
		{&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}, &net.TCPAddr{IP: net.IPv6loopback, Port: port}},
	} {
		first, then := partition(order)
		c, err := d.race(context.Background(), "tcp", first, then)
		check(t, err)
		if c.RemoteAddr().String() != ln.Addr().String() {
			t.Errorf("connected to %v", c.RemoteAddr())
		}
		c.Close()
	}
	ln.Close()
	_, err = d.race(context.Background(), "tcp", []net.Addr{&net.TCPAddr{IP: net.IPv6loopback, Port: port}}, []net.Addr{&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}})
	var op *net.OpError
	if !errors.As(err, &op) || !errors.Is(err, syscall.ECONNREFUSED) || op.Addr.(*net.TCPAddr).IP.To4() != nil {
		t.Errorf("nobody there: %v", err)
	}
}

// TestDialHooks: Control sees the socket before it is bound, and its error ends
// the dial.
func TestDialHooks(t *testing.T) {
	ln, err := Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer ln.Close()
	type call struct{ Network, Address string }
	var got [2]call
	boom := errors.New("boom")
	var errs [2]error
	for i := range 2 {
		control := func(network, address string, c syscall.RawConn) error {
			got[i] = call{network, address}
			return c.Control(func(fd uintptr) {
				if _, err := syscall.Getsockname(int(fd)); err != nil {
					t.Error(err)
				}
			})
		}
		fail := func(context.Context, string, string, syscall.RawConn) error { return boom }
		var d, f dialer = &Dialer{Control: control}, &Dialer{ControlContext: fail}
		if i == 1 {
			d, f = &net.Dialer{Control: control}, &net.Dialer{ControlContext: fail}
		}
		c, err := d.DialContext(context.Background(), "tcp", ln.Addr().String())
		check(t, err)
		c.Close()
		_, errs[i] = f.DialContext(context.Background(), "tcp", ln.Addr().String())
	}
	if got[0] != got[1] {
		t.Errorf("uvnet %v, net %v", got[0], got[1])
	}
	if !errors.Is(errs[0], boom) || errs[0].Error() != errs[1].Error() {
		t.Errorf("uvnet %v, net %v", errs[0], errs[1])
	}
}

// TestOutOfDescriptors: a process that has no descriptor left learns it from
// Accept, as a temporary error, and accepts again when it has.
func TestOutOfDescriptors(t *testing.T) {
	compare(t, func(w world) error {
		ln, err := w.listen("tcp", "127.0.0.1:0")
		check(t, err)
		defer ln.Close()
		c, err := net.Dial("tcp", ln.Addr().String())
		check(t, err)
		defer c.Close()
		var limit syscall.Rlimit
		check(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
		none := syscall.Rlimit{Cur: 0, Max: limit.Max}
		check(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none))
		_, full := ln.Accept()
		check(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
		if !errors.Is(full, syscall.EMFILE) {
			t.Errorf("%s: %v", w.name, full)
		}
		s, err := ln.Accept()
		check(t, err)
		s.Close()
		return full
	})
}

// TestDialCancelled: the end of a context ends a dial that nobody answers.
func TestDialCancelled(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	ln, err := net.Listen("tcp", "127.0.0.1:0") // with a backlog that we fill
	check(t, err)
	defer ln.Close()
	raw, err := ln.(*net.TCPListener).SyscallConn()
	check(t, err)
	check(t, raw.Control(func(fd uintptr) { _ = syscall.Listen(int(fd), 0) }))
	var open []net.Conn
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	for range 20 {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		c, err := new(Dialer).DialContext(ctx, "tcp", ln.Addr().String())
		cancel()
		if err == nil {
			open = append(open, c)
			continue
		}
		var ne net.Error
		if !errors.As(err, &ne) || !ne.Timeout() || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		return
	}
	t.Fatal("a full backlog takes any number of connections")
}
