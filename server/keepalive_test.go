package server

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// socketOptions asks the kernel for some of a connection's options, on its loop.
func socketOptions(t *testing.T, c *Conn, opts ...[2]int) []int {
	t.Helper()
	answer := make(chan []int)
	if err := c.Loop().Post(func() {
		var got []int
		fd, err := c.stream.FD()
		for _, o := range opts {
			v := -1
			if err == nil {
				v, _ = unix.GetsockoptInt(fd, o[0], o[1])
			}
			got = append(got, v)
		}
		answer <- got
	}); err != nil {
		t.Fatal(err)
	}
	return <-answer
}

// TestConnectionsAreProbed: connections have the probes of package net's, also when the first
// loop distributes them to the others.
func TestConnectionsAreProbed(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	for _, tt := range []struct {
		idle time.Duration
		cfg  net.KeepAliveConfig
		want []int // on, idle, interval, count; the last three only if on
	}{
		{0, net.KeepAliveConfig{}, []int{1, 15, 15, 9}},
		{90 * time.Second, net.KeepAliveConfig{}, []int{1, 90, 15, 9}},
		{-1, net.KeepAliveConfig{}, []int{0}},
		{-1, net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 2 * time.Second, Count: 3}, []int{1, 60, 2, 3}},
	} {
		for _, loops := range []int{1, 2} {
			s := &Server{KeepAlive: tt.idle, KeepAliveConfig: tt.cfg, Loops: loops, Handler: quick{make(chan *Conn, 1)}}
			if err := s.Listen("tcp://127.0.0.1:0"); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error)
			go func() { ended <- s.Serve(context.Background()) }()
			client := echoOnce(t, s.Addrs()[0])
			got := socketOptions(t, <-s.Handler.(quick).opened, [2]int{unix.SOL_SOCKET, unix.SO_KEEPALIVE},
				[2]int{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE}, [2]int{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL}, [2]int{unix.IPPROTO_TCP, unix.TCP_KEEPCNT})
			for i, want := range tt.want {
				if got[i] != want {
					t.Errorf("KeepAlive %v %+v: the kernel has %v, want %v", s.KeepAlive, s.KeepAliveConfig, got, tt.want)
					break
				}
			}
			client.Close()
			if err := errors.Join(s.Shutdown(context.Background()), <-ended); err != nil {
				t.Error(err)
			}
		}
	}
}

// A watcher sends the errors with which connections end, and pauses connections on request.
type watcher struct {
	pause  bool
	opened chan *Conn
	closed chan error
}

func (w watcher) Open(c *Conn) {
	if w.pause {
		c.Pause()
	}
	w.opened <- c
}
func (watcher) Data(*Conn, []byte)         {}
func (w watcher) Close(_ *Conn, err error) { w.closed <- err }

// TestVanishedPeerIsNoticed has a peer vanish without a FIN, also while the server does not
// read from the connection.
func TestVanishedPeerIsNoticed(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_REPAIR, 1)
		unix.Close(fd)
	}
	if err != nil {
		t.Skipf("only root may drop a socket in silence: %v", err)
	}
	for _, pause := range []bool{false, true} {
		h := watcher{pause, make(chan *Conn, 1), make(chan error, 1)}
		s := &Server{
			Handler: h, Loops: 1,
			KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Second, Interval: time.Second, Count: 1},
		}
		if err := s.Listen("tcp://127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() { ended <- s.Serve(context.Background()) }()
		vanish(t, s.Addrs()[0].(*net.TCPAddr), h.opened)
		if err := <-h.closed; !errors.Is(err, uv.ETIMEDOUT) && !errors.Is(err, uv.ECONNRESET) {
			t.Errorf("Close got %v", err)
		}
		if err := errors.Join(s.Shutdown(context.Background()), <-ended); err != nil {
			t.Error(err)
		}
	}
}

// vanish connects, waits for the server's end, and drops its own without a FIN:
// the kernel then answers a probe by a reset.
func vanish(t *testing.T, at *net.TCPAddr, opened chan *Conn) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: at.Port, Addr: [4]byte(at.IP.To4())}); err != nil {
		t.Fatal(err)
	}
	<-opened
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_REPAIR, 1); err != nil {
		t.Fatal(err)
	}
}
