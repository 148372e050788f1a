package uvnet

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/nettest"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestAddresses: both ends of a connection say what package net would.
func TestAddresses(t *testing.T) {
	for _, tt := range []struct{ network, listen, dial string }{
		{"tcp", "127.0.0.1:0", ""}, {"tcp", ":0", "127.0.0.1"}, {"tcp4", "0.0.0.0:0", "127.0.0.1"}, {"tcp", "[::1]:0", ""},
	} {
		if tt.listen == "[::1]:0" && !nettest.SupportsIPv6() {
			continue
		}
		var got [2][]string
		for i, m := range makers {
			ln, err := m.listen(tt.network, tt.listen)
			uvtest.Check(t, err)
			addr := ln.Addr().String()
			_, port, _ := net.SplitHostPort(addr)
			if tt.dial != "" {
				addr = net.JoinHostPort(tt.dial, port)
			}
			c, err := m.dial(tt.network, addr)
			uvtest.Check(t, err)
			s, err := ln.Accept()
			uvtest.Check(t, err)
			for _, a := range []net.Addr{ln.Addr(), s.LocalAddr(), s.RemoteAddr(), c.LocalAddr(), c.RemoteAddr()} {
				host, _, _ := net.SplitHostPort(a.String())
				got[i] = append(got[i], a.Network()+" "+host)
			}
			if s.RemoteAddr().String() != c.LocalAddr().String() || s.LocalAddr().String() != c.RemoteAddr().String() {
				t.Errorf("%s: %v %v at one end, %v %v at the other", tt.listen, s.LocalAddr(), s.RemoteAddr(), c.LocalAddr(), c.RemoteAddr())
			}
			s.Close()
			c.Close()
			ln.Close()
		}
		if diff := cmp.Diff(got[1], got[0]); diff != "" {
			t.Errorf("%s %s (-net +uvnet)\n%s", tt.network, tt.listen, diff)
		}
	}
}

// TestListenAgain: the address is free when Close returns.
func TestListenAgain(t *testing.T) {
	addr := "127.0.0.1:0"
	for range 50 {
		ln, err := Listen("tcp", addr)
		uvtest.Check(t, err)
		addr = ln.Addr().String()
		entered := make(chan struct{})
		done := make(chan error, 1)
		go func() { close(entered); _, err := ln.Accept(); done <- err }()
		<-entered
		uvtest.Check(t, ln.Close())
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Fatal(err)
		}
	}
}

// TestManyAcceptors: any number of goroutines may accept; each connection goes
// to one.
func TestManyAcceptors(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	const conns = 200
	ln, err := Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	var wg sync.WaitGroup
	got := make(chan net.Conn, conns)
	for range 4 {
		wg.Go(func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				got <- c
			}
		})
	}
	for range conns {
		c, err := Dial("tcp", ln.Addr().String())
		uvtest.Check(t, err)
		defer c.Close()
	}
	for range conns {
		(<-got).Close()
	}
	ln.Close()
	wg.Wait()
}

// TestUnixSocketFile: Close removes the file that Listen made, as package net
// does, unless told otherwise.
func TestUnixSocketFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	ln, err := Listen("unix", path)
	uvtest.Check(t, err)
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close: %v", err)
	}
	ln, err = Listen("unix", path)
	uvtest.Check(t, err)
	ln.(*UnixListener).SetUnlinkOnClose(false)
	ln.Close()
	if _, err := os.Stat(path); err != nil {
		t.Errorf("kept: %v", err)
	}
}
