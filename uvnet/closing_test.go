package uvnet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// freePort is a TCP port that nobody uses.
func freePort(t *testing.T) *net.TCPAddr {
	t.Helper()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	check(t, err)
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr)
}

// TestPortIsFreeAfterClose: a connection's port is free when Close returns, also of
// one that the loop has read from, and of a dial that failed.
func TestPortIsFreeAfterClose(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	ln := listenIn(t, worlds[1], "tcp4")
	defer ln.Close()
	go func() { // answers a byte at a time
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); c.Close() }()
		}
	}()
	gone := freePort(t)
	for _, w := range worlds {
		local := freePort(t)
		if runtime.GOOS == "linux" { // which has all of 127.0.0.0/8: where no other program takes the port meanwhile
			local.IP = net.IPv4(127, 77, 1, 9)
		}
		for i := range 200 {
			to := ln.Addr().String()
			refused := i%4 == 3
			if refused {
				to = gone.String()
			}
			c, err := w.dialer(0, local).DialContext(context.Background(), "tcp4", to)
			if refused && errors.Is(err, syscall.ECONNREFUSED) {
				continue
			}
			if err != nil {
				t.Fatalf("%s, round %d: %v", w.name, i, err)
			}
			check(t, write(c))
			check(t, read(c))
			var wg sync.WaitGroup
			if i%4 == 1 { // close under a read, for which the loop has to look
				wg.Go(func() { _ = read(c) })
				time.Sleep(time.Duration(i) * time.Microsecond)
			}
			check(t, c.(interface{ SetLinger(int) error }).SetLinger(0))
			if i%4 == 1 {
				c.Close()
				wg.Wait() // the last user closes
				continue
			}
			c.Close()
		}
	}
}

// TestCloseUnderTraffic closes dialled connections while the loop is at work on
// them in every way, a blocked write included.
func TestCloseUnderTraffic(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	ln := listenIn(t, worlds[0], "tcp4")
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				buf := make([]byte, 64<<10)
				for {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					if _, err := c.Write(buf[:n]); err != nil {
						return
					}
				}
			}()
		}
	}()
	var wg sync.WaitGroup
	errs := make(chan error, 100)
	for g := range 8 {
		wg.Go(func() {
			for i := range 30 {
				c, err := Dial("tcp4", ln.Addr().String())
				if err != nil {
					errs <- fmt.Errorf("dial: %w", err)
					return
				}
				var users sync.WaitGroup
				if size := []int{1, 100, 64 << 10, 8 << 20}[(g+i)%4]; i%3 > 0 {
					users.Go(func() { _, _ = c.Write(make([]byte, size)) })
				}
				if i%2 > 0 {
					users.Go(func() { _, _ = c.Read(make([]byte, 100)) })
				}
				time.Sleep(time.Duration(i*g) * 10 * time.Microsecond)
				c.Close()
				users.Wait()
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		t.Fatal(err)
	default:
	}
}
