package uvnet

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestLocalAddr dials from addresses of both families and of none, with both
// packages.
func TestLocalAddr(t *testing.T) {
	ln := listenIn(t, worlds[1], "tcp4")
	defer ln.Close()
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	uvtest.Check(t, err)
	defer pc.Close()
	targets := map[string][]string{"tcp": {ln.Addr().String()}, "udp": {pc.LocalAddr().String()}}
	if nettest.SupportsIPv6() {
		l6, err := net.Listen("tcp6", "[::1]:0")
		uvtest.Check(t, err)
		defer l6.Close()
		targets["tcp"] = append(targets["tcp"], l6.Addr().String())
	}
	for _, ip := range []net.IP{nil, net.IPv4zero, net.IPv6zero, net.ParseIP("::ffff:127.0.0.1"), net.IPv4(127, 0, 0, 2), net.IPv6loopback} {
		for network, to := range targets {
			for _, to := range to {
				for _, suffix := range []string{"", "4", "6"} {
					var local net.Addr = &net.TCPAddr{IP: ip}
					if network == "udp" {
						local = &net.UDPAddr{IP: ip}
					}
					var errs [2]error
					var ends [2][2]string // local IP, remote address
					for i, w := range worlds {
						c, err := w.dialer(0, local).DialContext(context.Background(), network+suffix, to)
						if errs[i] = err; err == nil {
							host, _, _ := net.SplitHostPort(c.LocalAddr().String())
							ends[i] = [2]string{host, c.RemoteAddr().String()}
							c.Close()
						}
					}
					if (errs[0] == nil) != (errs[1] == nil) || ends[0] != ends[1] {
						t.Errorf("%s%s from %v to %s: uvnet %v, %v; net %v, %v", network, suffix, ip, to, ends[0], errs[0], ends[1], errs[1])
					}
				}
			}
		}
	}
}

// TestEmptyUnixLocalAddr: an empty name as LocalAddr leaves the socket unbound.
func TestEmptyUnixLocalAddr(t *testing.T) {
	ln := listenIn(t, worlds[1], "unix")
	defer ln.Close()
	compareText(t, func(w world) string { // where the kernel chooses, no two are alike
		c, err := w.dialer(0, &net.UnixAddr{Net: "unix"}).DialContext(context.Background(), "unix", ln.Addr().String())
		uvtest.Check(t, err)
		defer c.Close()
		return c.LocalAddr().String()
	})
}

// TestRemoteAddrIsTheKernels: RemoteAddr is what getpeername says, not what was
// dialled.
func TestRemoteAddrIsTheKernels(t *testing.T) {
	t.Chdir(t.TempDir())
	ul, err := net.Listen("unix", "s")
	uvtest.Check(t, err)
	defer ul.Close()
	here, err := filepath.Abs("s")
	uvtest.Check(t, err)
	to := map[string]string{here: "unix"}
	if nettest.SupportsIPv6() {
		ln, err := net.Listen("tcp6", "[::1]:0")
		uvtest.Check(t, err)
		defer ln.Close()
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		for _, host := range []string{"::1%lo", "::1", "::", ""} {
			to[net.JoinHostPort(host, port)] = "tcp6"
		}
	}
	for address, network := range to {
		compareText(t, func(w world) string {
			c, err := w.dial(network, address)
			uvtest.Check(t, err)
			defer c.Close()
			return c.RemoteAddr().Network() + " " + c.RemoteAddr().String()
		})
	}
}

func compareText(t *testing.T, run func(w world) string) {
	t.Helper()
	if ours, theirs := run(worlds[0]), run(worlds[1]); ours != theirs {
		t.Errorf("package net: %s, uvnet: %s", theirs, ours)
	}
}

// TestHappyEyeballs dials a host of two families of which one does not answer.
func TestHappyEyeballs(t *testing.T) {
	if !nettest.SupportsIPv6() {
		t.Skip("this machine has no IPv6 to prefer")
	}
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	uvtest.Check(t, err)
	defer ln.Close()
	port := ln.Addr().(*net.TCPAddr).Port
	d := &Dialer{FallbackDelay: time.Millisecond}
	for _, order := range [][]net.Addr{
		{&net.TCPAddr{IP: net.IPv6loopback, Port: port}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}},
		{&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}, &net.TCPAddr{IP: net.IPv6loopback, Port: port}},
	} {
		first, then := partition(order)
		c, err := d.race(context.Background(), "tcp", first, then)
		uvtest.Check(t, err)
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
	uvtest.Check(t, err)
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
		uvtest.Check(t, err)
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
		uvtest.Check(t, err)
		defer ln.Close()
		c, err := net.Dial("tcp", ln.Addr().String())
		uvtest.Check(t, err)
		defer c.Close()
		restore := uvtest.NoDescriptors(t)
		_, full := ln.Accept()
		restore()
		if !errors.Is(full, syscall.EMFILE) {
			t.Errorf("%s: %v", w.name, full)
		}
		s, err := ln.Accept()
		uvtest.Check(t, err)
		s.Close()
		return full
	})
}

// TestDialCancelled: the end of a context ends a dial that nobody answers.
func TestDialCancelled(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	ln, err := net.Listen("tcp", "127.0.0.1:0") // with a backlog that we fill
	uvtest.Check(t, err)
	defer ln.Close()
	raw, err := ln.(*net.TCPListener).SyscallConn()
	uvtest.Check(t, err)
	uvtest.Check(t, raw.Control(func(fd uintptr) { _ = syscall.Listen(int(fd), 0) }))
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

// TestDialerCancel: the deprecated channel ends a dial as in package net.
func TestDialerCancel(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	s := newSilent(t)
	cancel := make(chan struct{})
	go func() { <-s.asked; close(cancel) }()
	_, err := (&Dialer{Resolver: s.resolver(), Cancel: cancel}).Dial("tcp4", "nobody.invalid.:1")
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
