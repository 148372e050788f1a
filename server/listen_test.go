package server_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// eachLoops runs body with one loop and with several, which share a port.
func eachLoops(t *testing.T, body func(t *testing.T, loops int)) {
	for _, n := range []int{1, 2, 4} {
		t.Run(fmt.Sprint(n), func(t *testing.T) { body(t, n) })
	}
}

func tcpURL(a net.Addr) string { return a.Network() + "://" + a.String() }

func TestPortInUse(t *testing.T) {
	eachLoops(t, func(t *testing.T, loops int) {
		std := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
		defer std.Close()
		other := run(t, &server.Server{Handler: echo(t), Loops: loops})
		early := other.dial()
		roundTrip(t, early, "it has opened what it needs")
		fds := server.Descriptors()
		for _, taken := range []net.Addr{std.Addr(), other.Addrs()[0]} {
			s := &server.Server{Handler: newProbe(t), Loops: loops}
			err := s.Listen(tcpURL(taken))
			if !errors.Is(err, uv.EADDRINUSE) || !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), taken.String()) {
				t.Errorf("Listen: %v", err)
			}
			wantDescriptors(t, fds)
			if s.Addrs() != nil {
				t.Errorf("it listens on %v", s.Addrs())
			}
			uvtest.Check(t, s.Listen(anyTCP)) // it may try another
			uvtest.Check(t, s.Shutdown(context.Background()))
		}
		roundTrip(t, other.dial(), "still there")
	})
}

// TestListenBindsAllOrNone: after a failure the addresses before it are free.
func TestListenBindsAllOrNone(t *testing.T) {
	eachLoops(t, func(t *testing.T, loops int) {
		taken := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
		defer taken.Close()
		free := reserve(t, false)
		path := uvtest.SocketPath(t)
		addrs := []string{tcpURL(free), "unix://" + path, tcpURL(taken.Addr())}
		fds := server.Descriptors()
		s := &server.Server{Handler: newProbe(t), Loops: loops}
		if err := s.Listen(addrs...); !errors.Is(err, uv.EADDRINUSE) || !strings.Contains(err.Error(), taken.Addr().String()) {
			t.Errorf("Listen: %v", err)
		}
		wantDescriptors(t, fds)
		ln, err := net.Listen("tcp", free.String())
		uvtest.Check(t, err)
		ln.Close()
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket file: %v", err)
		}

		// What an earlier Listen bound stays.
		uvtest.Check(t, s.Listen(anyTCP))
		kept := s.Addrs()
		if err := s.Listen(addrs...); !errors.Is(err, uv.EADDRINUSE) {
			t.Errorf("Listen: %v", err)
		}
		if diff := cmp.Diff(kept, s.Addrs()); diff != "" {
			t.Errorf("addresses (-want +got):\n%s", diff)
		}
		ln, err = net.Listen("tcp", free.String())
		uvtest.Check(t, err)
		ln.Close()
		dialAddr(t, kept[0]).Close()
		uvtest.Check(t, s.Shutdown(context.Background()))
		wantDescriptors(t, fds)
	})
}

func TestBadAddresses(t *testing.T) {
	file := uvtest.SocketPath(t)
	uvtest.Check(t, os.WriteFile(file, []byte("keep me"), 0o600))
	for _, tt := range []struct {
		addr string
		is   error
	}{
		{"", uv.EINVAL},
		{"127.0.0.1:80", uv.EINVAL},
		{"udp://127.0.0.1:0", uv.EINVAL},
		{"tcp://", nil},
		{"tcp://127.0.0.1", nil},
		{"tcp://127.0.0.1:65536", nil},
		{"tcp://127.0.0.1:-1", nil},
		{"tcp://127.0.0.1:nonsense", nil},
		{"tcp://[::1", nil},
		{"tcp6://127.0.0.1:0", nil},
		{"tcp4://[::1]:0", nil},
		{"tcp://192.0.2.1:0", uv.EADDRNOTAVAIL}, // TEST-NET-1: nobody's
		{"unix://", uv.EINVAL},
		{"unix://" + uvtest.SocketPath(t) + "\x00b", uv.EINVAL},
		{"unix://" + file, uv.EADDRINUSE},
		{"unix:///nonexistent/dir/sock", uv.ENOENT},
		{"unix:///" + strings.Repeat("x", 200), uv.EINVAL},
	} {
		t.Run(tt.addr, func(t *testing.T) {
			fds := server.Descriptors()
			s := &server.Server{Handler: newProbe(t), Loops: 2}
			err := s.Listen(tt.addr)
			if err == nil {
				t.Fatal("no error")
			}
			if tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.addr) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q, want %v in one line that names the address", err, tt.is)
			}
			wantDescriptors(t, fds)
		})
	}
	if text, err := os.ReadFile(file); string(text) != "keep me" {
		t.Errorf("the regular file has become %q, %v", text, err)
	}
}

// TestTCP6LeavesIPv4Alone listens on one port for both families.
func TestTCP6LeavesIPv4Alone(t *testing.T) {
	eachLoops(t, func(t *testing.T, loops int) {
		v6, v4 := newProbe(t), newProbe(t)
		six, port := &server.Server{Handler: v6, Loops: loops}, 0
		for port == 0 { // one that is free for both
			p := reserve(t, true).Port
			switch err := six.Listen(fmt.Sprintf("tcp6://:%d", p)); {
			case err == nil:
				port = p
			case !errors.Is(err, uv.EADDRINUSE):
				t.Fatal(err)
			}
		}
		run(t, six)
		run(t, &server.Server{Handler: v4, Loops: loops}, fmt.Sprintf("tcp4://:%d", port))
		dialAddr(t, &net.TCPAddr{IP: net.IPv6loopback, Port: port})
		<-v6.opened
		dialAddr(t, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		<-v4.opened
	})
}

func TestAddrsFollowListen(t *testing.T) {
	eachLoops(t, func(t *testing.T, loops int) {
		path := uvtest.SocketPath(t)
		s := &server.Server{Handler: newProbe(t), Loops: loops}
		uvtest.Check(t, s.Listen("tcp4://127.0.0.1:0", "unix://"+path))
		uvtest.Check(t, s.Listen("tcp://[::1]:0"))
		var networks []string
		for _, a := range s.Addrs() {
			networks = append(networks, a.Network()+" "+a.String()[:4])
		}
		if diff := cmp.Diff([]string{"tcp 127.", "unix " + path[:4], "tcp [::1"}, networks); diff != "" {
			t.Errorf("addresses (-want +got):\n%s", diff)
		}
		s.Addrs()[0] = nil
		if s.Addrs()[0] == nil {
			t.Error("Addrs hands out its own slice")
		}
		uvtest.Check(t, s.Shutdown(context.Background()))
	})
}

// TestNothingRunsBeforeServe: clients that connect before Serve wait in the kernel's
// queue, also while more addresses are bound or fail to be bound.
func TestNothingRunsBeforeServe(t *testing.T) {
	uvtest.Watchdog(t, 2*maxWait)
	h := echo(t)
	s := &server.Server{Handler: h, Loops: 1}
	uvtest.Check(t, s.Listen(anyTCP, "unix://"+uvtest.SocketPath(t)))
	var early []net.Conn
	for _, a := range s.Addrs() {
		early = append(early, dialAddr(t, a))
		send(t, early[len(early)-1], []byte("hello"))
	}
	uvtest.Check(t, s.Listen(anyTCP, "unix://"+uvtest.SocketPath(t)))
	if err := s.Listen(anyTCP, tcpURL(s.Addrs()[0])); !errors.Is(err, uv.EADDRINUSE) {
		t.Errorf("Listen: %v", err)
	}
	if len(h.opened) != 0 {
		t.Error("Open before Serve")
	}
	ended := make(chan error)
	go func() { ended <- s.Serve(context.Background()) }()
	for _, c := range early {
		if got := receive(t, c, 5); string(got) != "hello" {
			t.Errorf("got %q", got)
		}
		c.Close()
	}
	uvtest.Check(t, s.Shutdown(context.Background()))
	uvtest.Check(t, <-ended)
}

// TestEveryLoopGetsConnections: the kernel spreads TCP connections, and the
// server gives those of unix sockets to its loops in turn.
func TestEveryLoopGetsConnections(t *testing.T) {
	const loops, conns = 3, 150
	eachNetwork(t, func(t *testing.T, addr string) {
		looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
			if strings.HasPrefix(addr, "unix:") {
				addr = "unix://" + uvtest.SocketPath(t)
			}
			h := echo(t)
			r := run(t, &server.Server{Handler: h, Loops: loops, Options: []uvgo.Option{park}}, addr)
			count := map[*uvgo.Loop]int{}
			for range conns {
				c := r.dial()
				roundTrip(t, c, "hello")
				count[(<-h.opened).Loop()]++
			}
			if len(count) != loops {
				t.Errorf("%d of %d loops have connections", len(count), loops)
			}
			for _, n := range count {
				if r.Addrs()[0].Network() == "unix" && n != conns/loops {
					t.Errorf("a loop has %d connections, want %d", n, conns/loops)
				}
			}
		})
	})
}

func TestAbstractUnixSocket(t *testing.T) {
	name := "@uvgo-test-" + strings.ReplaceAll(uvtest.SocketPath(t), "/", "-")
	r := run(t, &server.Server{Handler: echo(t), Loops: 2}, "unix://"+name)
	roundTrip(t, r.dial(), "hello")
	s := &server.Server{Handler: newProbe(t), Loops: 1}
	if err := s.Listen("unix://" + name); !errors.Is(err, uv.EADDRINUSE) {
		t.Errorf("a second listener: %v", err)
	}
}
