package uvnet

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestRawListenerHasNothingToRead: as package net's.
func TestRawListenerHasNothingToRead(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		ln, err := Listen(network, address(t, network))
		uvtest.Check(t, err)
		defer ln.Close()
		raw, err := ln.(syscall.Conn).SyscallConn()
		uvtest.Check(t, err)
		f := func(uintptr) bool { t.Error("called"); return true }
		if err := raw.Read(f); err != syscall.EINVAL {
			t.Errorf("Read: %v", err)
		}
		if err := raw.Write(f); err != syscall.EINVAL {
			t.Errorf("Write: %v", err)
		}
		called := false
		uvtest.Check(t, raw.Control(func(uintptr) { called = true }))
		if !called {
			t.Error("Control did not call f")
		}
	})
}

// TestRawWaitEndsWithClose: Close ends a RawConn's Read and Write that wait, or
// are about to.
func TestRawWaitEndsWithClose(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	networks(t, func(t *testing.T, network string) {
		for range 300 {
			s, c := connectPair(t, network, makers[0], makers[0])
			raw, err := c.(syscall.Conn).SyscallConn()
			uvtest.Check(t, err)
			var wg sync.WaitGroup
			entered := make(chan struct{}, 1)
			wg.Go(func() {
				err := raw.Read(func(uintptr) bool {
					select {
					case entered <- struct{}{}:
					default:
					}
					return false
				})
				if !errors.Is(err, net.ErrClosed) {
					t.Errorf("raw read: %v", err)
				}
			})
			<-entered
			c.Close()
			wg.Wait()
			s.Close()
		}
	})
}

// TestRawReadsBetween: a RawConn's Read makes the loop stop reading; whether it
// ends by itself or by a deadline, what Read gets is all there is, in order.
func TestRawReadsBetween(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	networks(t, func(t *testing.T, network string) {
		s, c := connectPair(t, network, makers[1], makers[0])
		defer s.Close()
		defer c.Close()
		const total = 60_000
		go func() { // in bursts, so that the reader waits now and then
			b := make([]byte, 0, 4*100)
			for i := range uint32(total) {
				if b = binary.BigEndian.AppendUint32(b, i); len(b) == 4*int(1+i%100) || i == total-1 {
					_, _ = s.Write(b)
					b = b[:0]
				}
			}
			_, _ = s.Write(b)
			_ = s.(half).CloseWrite()
		}()
		raw, err := c.(syscall.Conn).SyscallConn()
		uvtest.Check(t, err)
		next := uint32(0)
		var left []byte
		buf := make([]byte, 1<<10)
		for round := 0; ; round++ {
			if round%3 == 0 { // often too soon for the loop to have stopped
				uvtest.Check(t, c.SetReadDeadline(time.Now().Add(time.Duration(round%50)*time.Microsecond)))
				_ = raw.Read(func(uintptr) bool { return true })
				uvtest.Check(t, c.SetReadDeadline(time.Time{}))
			}
			n, err := c.Read(buf)
			for left = append(left, buf[:n]...); len(left) >= 4; left = left[4:] {
				if got := binary.BigEndian.Uint32(left); got != next {
					t.Fatalf("got %d, want %d", got, next)
				}
				next++
			}
			if err == io.EOF {
				break
			}
			uvtest.Check(t, err)
		}
		if next != total {
			t.Errorf("read %d of %d", next, total)
		}
	})
}

// TestRawConn reads and writes the descriptor itself, and waits for it.
func TestRawConn(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		s, c := connectPair(t, network, makers[0], makers[0])
		defer s.Close()
		defer c.Close()
		if _, err := s.Write([]byte("ahead")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, make([]byte, 4)); err != nil { // the loop reads from now on
			t.Fatal(err)
		}
		raw, err := c.(syscall.Conn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		tries := 0
		got := make(chan string, 1)
		go func() {
			buf := make([]byte, 10)
			var n int
			rerr := raw.Read(func(fd uintptr) bool {
				tries++
				n, err = syscall.Read(int(fd), buf)
				return err != syscall.EAGAIN || tries > 1000
			})
			if rerr != nil {
				err = rerr
			}
			got <- string(buf[:max(n, 0)])
		}()
		if _, err := s.Write([]byte("raw")); err != nil {
			t.Fatal(err)
		}
		if g := <-got; g == "" || err != nil {
			t.Errorf("raw read %q after %d tries, %v", g, tries, err)
		}
		if err := raw.Write(func(fd uintptr) bool {
			_, err = syscall.Write(int(fd), []byte("back"))
			return err != syscall.EAGAIN
		}); err != nil {
			t.Error(err)
		}
		buf := make([]byte, 4)
		if _, err := io.ReadFull(s, buf); err != nil || string(buf) != "back" {
			t.Errorf("%q, %v", buf, err)
		}
		// A wait ends with Close.
		ended := make(chan error, 1)
		entered := make(chan struct{}, 100)
		go func() { ended <- raw.Read(func(uintptr) bool { entered <- struct{}{}; return false }) }()
		<-entered
		c.Close()
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("raw read after Close: %v", err)
		}
		if err := raw.Control(func(uintptr) {}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("raw control after Close: %v", err)
		}
	})
}
