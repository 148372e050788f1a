package uvnet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// ownAddr is a TCP address that no other program takes while it is free: Linux has all of
// 127.0.0.0/8, and gives out no port below 32768 by itself.
func ownAddr(t *testing.T) *net.TCPAddr {
	t.Helper()
	pid := os.Getpid()
	addr := "127.0.0.1:0"
	if runtime.GOOS == "linux" {
		addr = fmt.Sprintf("127.77.%d.%d:%d", pid>>8&255, pid&255, 20000+pid>>16)
	}
	ln, err := net.Listen("tcp4", addr)
	uvtest.Check(t, err)
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
			go func() { // hiding the methods for splice: package net's pipes would stay open until a collection
				_, _ = io.Copy(struct{ io.Writer }{c}, struct{ io.Reader }{c})
				c.Close()
			}()
		}
	}()
	gone := uvtest.RefusingTCP(t)
	for _, w := range worlds {
		local := ownAddr(t)
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
			uvtest.Check(t, write(c))
			uvtest.Check(t, read(c))
			var wg sync.WaitGroup
			if i%4 == 1 { // close under a read, for which the loop has to look
				wg.Go(func() { _ = read(c) })
				time.Sleep(time.Duration(i) * time.Microsecond)
			}
			uvtest.Check(t, c.(interface{ SetLinger(int) error }).SetLinger(0))
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

// TestHalfClose: each side ends by itself.
func TestHalfClose(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		for _, m := range makers {
			s, c := connectPair(t, network, makers[0], m)
			want := random(1 << 20)
			got := drained(s, 4096)
			if _, err := c.Write(want); err != nil {
				t.Fatal(err)
			}
			uvtest.Check(t, c.(half).CloseWrite())
			same(t, <-got, want)
			got = drained(c, 4096)
			if _, err := s.Write(want); err != nil {
				t.Fatal(err)
			}
			uvtest.Check(t, s.(half).CloseWrite())
			same(t, <-got, want)
			s.Close()
			c.Close()
		}
	})
}

// TestCloseSendsWhatWasWritten: Close right behind a Write that the kernel has
// not taken whole loses nothing.
func TestCloseSendsWhatWasWritten(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		for range 10 {
			s, c := connectPair(t, network, makers[0], makers[1])
			total := 0
			uvtest.Check(t, s.SetWriteDeadline(time.Now().Add(5*time.Millisecond)))
			for b := make([]byte, 1500); ; {
				n, err := s.Write(b)
				total += n
				if err != nil {
					break
				}
			}
			s.Close()
			n, err := io.Copy(io.Discard, c)
			if n != int64(total) || err != nil {
				t.Fatalf("%d of %d bytes, %v", n, total, err)
			}
			c.Close()
		}
	})
}

// TestBothCloseUnread: two ends that have stopped reading, with more to send than
// the kernel takes, are both gone at once when they are closed.
func TestBothCloseUnread(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		s, c := connectPair(t, network, makers[0], makers[0])
		for _, c := range []net.Conn{s, c} {
			uvtest.Check(t, c.SetWriteDeadline(time.Now().Add(20*time.Millisecond)))
			_ = fill(c)
		}
		c.Close()
		s.Close() // a descriptor that lingers fails TestMain
	})
}

// TestConcurrentClose: readers, writers and closers at once; every call ends,
// with net.ErrClosed if not well.
func TestConcurrentClose(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	networks(t, func(t *testing.T, network string) {
		rounds := 100
		if testing.Short() {
			rounds = 20
		}
		for range rounds {
			s, c := connectPair(t, network, makers[0], makers[0])
			go func() { _, _ = io.Copy(io.Discard, c) }()
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() { ends(t, read(s)) })
				wg.Go(func() { ends(t, fill(s)) })
				wg.Go(func() { ends(t, s.SetDeadline(time.Now().Add(time.Hour))) })
			}
			for range 2 {
				wg.Go(func() { ends(t, s.Close()) })
			}
			wg.Wait()
			c.Close()
		}
	})
}

// blocked has a goroutine in Write for which the peer reads nothing; it sends what
// Write returned.
func blocked(t *testing.T, c net.Conn) <-chan error {
	t.Helper()
	ended := make(chan error, 1)
	go func() {
		b := make([]byte, 64<<10)
		for {
			if _, err := c.Write(b); err != nil {
				ended <- err
				return
			}
		}
	}()
	in := c.(interface{ inner() *conn }).inner()
	uvtest.Eventually(t, "Write to wait", func() bool {
		in.mu.Lock()
		defer in.mu.Unlock()
		if p := in.poller; p != nil {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.wr.waiting
		}
		return in.wr.waiting
	})
	return ended
}

// TestCloseWriteEndsWrites: a Write that waits ends with EPIPE, and so do those that
// come later; the peer gets all that was written, and the end.
func TestCloseWriteEndsWrites(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		uvtest.Watchdog(t, minutes)
		peer, c := connectPair(t, network, makers[1], makers[0])
		defer peer.Close()
		defer c.Close()
		ended := blocked(t, c)
		uvtest.Check(t, c.(interface{ CloseWrite() error }).CloseWrite())
		if err := <-ended; !errors.Is(err, syscall.EPIPE) {
			t.Errorf("Write: %v", err)
		}
		if err := write(c); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("Write behind it: %v", err)
		}
		if n, err := io.Copy(io.Discard, peer); n == 0 || err != nil {
			t.Errorf("the peer read %d bytes, %v", n, err)
		}
		uvtest.Check(t, write(peer))
		uvtest.Check(t, read(c))
	})
}
