package server_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
	"github.com/uvgo/uvgo/uvnet"
)

// serve runs Serve on the listeners; its result comes from the channel.
func serve(s *server.Server, lns ...net.Listener) <-chan error {
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background(), lns...) }()
	return served
}

// usesAllLoops makes connections until each loop has one.
func usesAllLoops(t *testing.T, h *probe, loops int, addr net.Addr) {
	t.Helper()
	seen := map[any]bool{}
	for range loops {
		c := dialAddr(t, addr)
		roundTrip(t, c, "hello")
		defer c.Close()
		seen[(<-h.opened).Loop()] = true
	}
	if len(seen) != loops {
		t.Errorf("%d connections are on %d of %d loops", loops, len(seen), loops)
	}
}

// ownNet is uvnet on loops that end with the test.
func ownNet(t *testing.T) *uvnet.Net {
	g := uvtest.Must(uvgo.NewGroup(1, uvgo.WithParking(uvgo.ParkGoroutine)))
	ran := make(chan error, 1)
	go func() { ran <- g.Run(context.Background()) }()
	t.Cleanup(func() {
		uvtest.Expect(t, g.Shutdown(context.Background()))
		uvtest.Expect(t, <-ran)
	})
	return uvnet.New(g)
}

func TestServeAdoptsListeners(t *testing.T) {
	for _, tt := range []struct {
		name   string
		listen func(network, addr string) (net.Listener, error)
	}{{"net", net.Listen}, {"uvnet", ownNet(t).Listen}} {
		for _, network := range []string{"tcp", "unix"} {
			t.Run(tt.name+" "+network, func(t *testing.T) {
				eachLoops(t, func(t *testing.T, loops int) {
					uvtest.Watchdog(t, 2*maxWait)
					addr := "127.0.0.1:0"
					if network == "unix" {
						addr = uvtest.SocketPath(t)
					}
					ln := uvtest.Must(tt.listen(network, addr))
					h := echo(t)
					s := &server.Server{Handler: h, Loops: loops}
					served := serve(s, ln)
					usesAllLoops(t, h, loops, ln.Addr())
					if got := s.Addrs(); len(got) != 1 || got[0].String() != ln.Addr().String() || got[0].Network() != network {
						t.Errorf("Addrs: %v, want %v", got, ln.Addr())
					}
					uvtest.Check(t, s.Shutdown(context.Background()))
					uvtest.Check(t, <-served)
					if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
						t.Errorf("Accept afterwards: %v", err)
					}
					if c, err := net.Dial(network, ln.Addr().String()); err == nil {
						c.Close()
						t.Error("something still listens")
					}
				})
			})
		}
	}
}

// TestShutdownClosesGivenListeners: not only when the last connection has ended.
func TestShutdownClosesGivenListeners(t *testing.T) {
	uvtest.Watchdog(t, 2*maxWait)
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	h := newProbe(t)
	s := &server.Server{Handler: h, Loops: 2}
	served := serve(s, ln)
	client := dialAddr(t, ln.Addr())
	c := <-h.opened
	c.Hold()
	shut := make(chan error, 1)
	go func() { shut <- s.Shutdown(context.Background()) }()
	uvtest.Eventually(t, "the port to be closed", func() bool {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err == nil {
			c.Close()
		}
		return errors.Is(err, unix.ECONNREFUSED)
	})
	client.Close()
	c.Release()
	uvtest.Check(t, <-shut)
	uvtest.Check(t, <-served)
}

// blind is a listener without a descriptor.
type blind struct{ net.Listener }

func TestServeRefusesListeners(t *testing.T) {
	closed := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	closed.Close()
	fresh := func() net.Listener { return uvtest.Must(net.Listen("tcp", "127.0.0.1:0")) }
	for _, tt := range []struct {
		name, want string
		ln         net.Listener
		is         error
	}{
		{"tls", "below it", tls.NewListener(fresh(), new(tls.Config)), uv.EINVAL},
		{"wrapped", "server_test.blind has no descriptor", blind{fresh()}, uv.EINVAL},
		{"closed", "closed", closed, net.ErrClosed},
		{"a nil pointer", "a *net.TCPListener that does not listen", (*net.TCPListener)(nil), uv.EINVAL},
		{"a nil pointer, unix", "a *net.UnixListener that does not listen", (*net.UnixListener)(nil), uv.EINVAL},
		{"a zero one", "a *net.TCPListener that does not listen", new(net.TCPListener), uv.EINVAL},
		{"nil", "a listener is nil", nil, uv.EINVAL},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fds := server.Descriptors()
			good := fresh()
			s := &server.Server{Handler: newProbe(t), Loops: 2}
			err := s.Serve(context.Background(), good, tt.ln)
			if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Serve: %v", err)
			}
			if _, err := good.Accept(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("the other listener: %v", err)
			}
			if tt.name == "tls" || tt.name == "wrapped" {
				fds-- // it was open before
			}
			wantDescriptors(t, fds)
			uvtest.Check(t, s.Listen(anyTCP)) // it may try another
			uvtest.Check(t, s.Shutdown(context.Background()))
			late := fresh()
			if err := s.Serve(context.Background(), late); err != server.ErrServerClosed {
				t.Errorf("after Shutdown: %v", err)
			}
			if _, err := late.Accept(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("the late listener: %v", err)
			}
		})
	}
}

// descriptor makes a descriptor of its own of a listener's socket, as a child inherits it.
func descriptor(t *testing.T, ln interface{ File() (*os.File, error) }) int {
	t.Helper()
	f := uvtest.Must(ln.File())
	defer f.Close()
	return uvtest.Must(unix.Dup(int(f.Fd()))) // without close-on-exec
}

func isOpen(fd int) bool {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err == nil
}

func TestListenOnInheritedSocket(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			eachLoops(t, func(t *testing.T, loops int) {
				addr := "127.0.0.1:0"
				if network == "unix" {
					addr = uvtest.SocketPath(t)
				}
				ln := uvtest.Must(net.Listen(network, addr))
				fd := descriptor(t, ln.(interface{ File() (*os.File, error) }))
				if u, ok := ln.(*net.UnixListener); ok {
					u.SetUnlinkOnClose(false)
				}
				ln.Close()
				h := echo(t)
				s := &server.Server{Handler: h, Loops: loops}
				name := fmt.Sprintf("fd://%d", fd)

				if err := s.Listen(name, "tcp://192.0.2.1:0"); !errors.Is(err, uv.EADDRNOTAVAIL) || !isOpen(fd) {
					t.Fatalf("Listen on two: %v; the descriptor is open: %t", err, isOpen(fd))
				}
				if flags := uvtest.Must(unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)); flags&unix.FD_CLOEXEC == 0 {
					t.Error("a child would inherit it")
				}
				r := run(t, s, name)
				if got := s.Addrs()[0]; got.String() != ln.Addr().String() || got.Network() != network {
					t.Errorf("Addrs: %v, want %v", got, ln.Addr())
				}
				usesAllLoops(t, h, loops, ln.Addr())
				r.stop()
				if c, err := net.Dial(network, ln.Addr().String()); !errors.Is(err, unix.ECONNREFUSED) { // a unix socket's file is left
					t.Errorf("afterwards: %v, %v", c, err)
				}
			})
		})
	}
}

func TestListenRefusesDescriptors(t *testing.T) {
	pair := uvtest.Must(unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	null := uvtest.Must(unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0))
	mute := uvtest.Must(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	packets := uvtest.Must(unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0))
	all := append(pair[:], null, mute, packets)
	for _, tt := range []struct {
		name, want string
		fd         int
		is         error
	}{
		{"not open", "descriptor 1000000 is not open", 1000000, uv.EBADF},
		{"a file", "is not a socket", null, uv.ENOTSOCK},
		{"a connection", "is a connection, not a listener", pair[0], uv.EINVAL},
		{"does not listen", "does not listen", mute, uv.EINVAL},
		{"seqpacket", "neither streams nor datagrams", packets, uv.EINVAL},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name := fmt.Sprintf("fd://%d", tt.fd)
			s := &server.Server{Handler: newProbe(t), Loops: 1, Logger: slog.New(slog.DiscardHandler)}
			err := s.Listen(name)
			if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), name) {
				t.Errorf("Listen: %v", err)
			}
		})
	}
	for _, fd := range all {
		if !isOpen(fd) {
			t.Errorf("descriptor %d was closed", fd)
		}
		unix.Close(fd)
	}
}

// TestNewProcessTakesTheListenerOver is the way of docs/server.md: a new process serves the
// listener of one that runs, which goes on meanwhile, and then ends.
func TestNewProcessTakesTheListenerOver(t *testing.T) {
	uvtest.Watchdog(t, 2*maxWait)
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	var fd int
	raw := uvtest.Must(ln.(*net.TCPListener).SyscallConn())
	uvtest.Check(t, raw.Control(func(of uintptr) { fd = uvtest.Must(unix.FcntlInt(of, unix.F_DUPFD_CLOEXEC, 3)) }))
	passed := os.NewFile(uintptr(fd), "listener")
	defer passed.Close()

	s := &server.Server{Handler: activated{}, Loops: 1}
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background(), ln) }()
	first := dialAddr(t, ln.Addr())
	roundTrip(t, first, "the old one serves")

	cmd := uvtest.Command(t, "activated", "fd://3")
	cmd.ExtraFiles = []*os.File{passed}
	said := startActivated(t, cmd)
	if got := strings.Join(said, "|"); !strings.HasPrefix(got, "tcp "+ln.Addr().String()+"|ready") {
		t.Fatalf("the new one says %q", got)
	}
	roundTrip(t, first, "the old one goes on")
	first.Close()
	uvtest.Check(t, s.Shutdown(context.Background()))
	uvtest.Check(t, <-served)
	for range 5 {
		c := dialAddr(t, ln.Addr())
		roundTrip(t, c, "the new one serves")
		c.Close()
	}
}
