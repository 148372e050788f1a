package uvnet

import (
	"context"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// running returns how many goroutines run loops of the default group.
func running() int {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return strings.Count(string(stacks), "uvnet.(*worker).runWhileNeeded(")
}

// idle waits until no loop of the default group runs.
func idle(t *testing.T) {
	t.Helper()
	uvtest.Watchdog(t, minutes)
	for running() != 0 {
		runtime.Gosched()
	}
}

// TestLoopsEnd: the default group's goroutines begin with the first socket that
// needs a loop, and end with the last.
func TestLoopsEnd(t *testing.T) {
	idle(t)
	ln, err := Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	if n := running(); n != 0 {
		t.Errorf("%d loops run before a socket needs one", n)
	}
	accepted := make(chan net.Conn)
	go func() {
		c, err := ln.Accept()
		uvtest.Check(t, err)
		accepted <- c
	}()
	c, err := Dial("tcp", ln.Addr().String())
	uvtest.Check(t, err)
	s := <-accepted
	for range 10 {
		_, err = c.Write([]byte("x"))
		uvtest.Check(t, err)
		_, err = io.ReadFull(s, make([]byte, 1))
		uvtest.Check(t, err)
	}
	if running() == 0 {
		t.Error("no loop runs beside open sockets")
	}
	c.Close()
	ln.Close()
	s.Close()
	idle(t)

	u, err := ListenPacket("udp", "127.0.0.1:0")
	uvtest.Check(t, err)
	got := make(chan error)
	go func() {
		_, _, err := u.ReadFrom(make([]byte, 1))
		got <- err
	}()
	to, err := net.Dial("udp", u.LocalAddr().String())
	uvtest.Check(t, err)
	_, err = to.Write([]byte("x"))
	uvtest.Check(t, err)
	uvtest.Check(t, <-got)
	to.Close()
	u.Close()
	idle(t)
}

// TestLoopsEndAndBegin dials one connection behind the other from many goroutines:
// loops end while others need them.
func TestLoopsEndAndBegin(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(onlyWriter{c}, struct{ io.Reader }{c}) // a splice would keep its pipe
				c.Close()
			}()
		}
	}()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 250 {
				c, err := Dial("tcp", ln.Addr().String())
				if err != nil {
					t.Error(err)
					return
				}
				if _, err = c.Write([]byte("x")); err == nil {
					_, err = c.Read(make([]byte, 1))
				}
				if c.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	idle(t)
}

// TestLoopsEndBehindLookups: a lookup on libuv's pool needs a loop for as long as
// it lasts.
func TestLoopsEndBehindLookups(t *testing.T) {
	for range 20 {
		idle(t)
		if names, err := (&Resolver{Libuv: true}).LookupHost(context.Background(), "localhost"); err != nil || len(names) == 0 {
			t.Fatalf("%v, %v", names, err)
		}
	}
	idle(t)
}

// TestLoopsEndInBubble: a loop that a bubble of testing/synctest starts is not a
// goroutine of the bubble, which would wait for it.
func TestLoopsEndInBubble(t *testing.T) {
	idle(t)
	var c net.Conn
	synctest.Test(t, func(t *testing.T) {
		ln, err := Listen("tcp", "127.0.0.1:0")
		uvtest.Check(t, err)
		c, err = Dial("tcp", ln.Addr().String())
		uvtest.Check(t, err)
		ln.Close()
	})
	if running() == 0 {
		t.Error("no loop runs beside an open socket")
	}
	c.Close()
	idle(t)
}

// TestBesideComputing: on one processor, beside a goroutine that computes, a message
// waits for as many of its time slices as with package net. A loop that yields behind a
// yield takes twice as long.
func TestBesideComputing(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var stop atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for !stop.Load() {
		}
	})
	defer wg.Wait()
	defer stop.Store(true)
	all, err := defaultNet()
	uvtest.Check(t, err)
	one := &Net{workers: all.workers[:1]} // as one processor has
	var took [2]time.Duration
	for range 8 { // until it shows: the machine may have more to do
		for i, m := range []maker{{"uvnet", one.Listen, one.Dial}, makers[1]} {
			took[i] += echoes(t, m, 4)
		}
		if took[0] < took[1]*3/2 {
			return
		}
	}
	t.Errorf("uvnet took %v, package net %v", took[0], took[1])
}

// echoes returns how long so many messages there and back take.
func echoes(t *testing.T, m maker, n int) time.Duration {
	s, c := connectPair(t, "tcp", m, m)
	defer c.Close()
	go func() {
		_, _ = io.Copy(onlyWriter{s}, struct{ io.Reader }{s})
		s.Close()
	}()
	b := make([]byte, 1)
	var began time.Time
	for i := range n + 1 {
		if i == 1 { // the first finds things out
			began = time.Now()
		}
		_, err := c.Write(b)
		uvtest.Check(t, err)
		_, err = io.ReadFull(c, b)
		uvtest.Check(t, err)
	}
	return time.Since(began)
}

// TestBusyProcessor: with one processor that a goroutine computes on, requests
// are still answered, and no slower than the scheduler's time slices make them.
func TestBusyProcessor(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	stop := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for x := uint64(1); ; x = x*3 + 1 {
			if x&0xffff == 0 || x%9973 == 1 {
				select {
				case <-stop:
					return
				default:
				}
			}
		}
	}()
	var took [2]time.Duration // of the process's processor time: others may be busy, too
	for i, m := range makers {
		s, c := connectPair(t, "tcp", m, m)
		go func() { _, _ = io.Copy(s, struct{ io.Reader }{s}) }()
		start := cpuTime(t)
		for range 8 {
			uvtest.Check(t, write(c))
			uvtest.Check(t, read(c))
		}
		took[i] = cpuTime(t) - start
		c.Close()
		s.Close()
	}
	close(stop)
	<-stopped
	t.Logf("8 round trips beside a busy goroutine: uvnet %v, net %v", took[0], took[1])
	if took[0] > 5*took[1]+2*time.Second {
		t.Errorf("8 round trips took %v, with package net %v", took[0], took[1])
	}
}

// cpuTime is the processor time that this process has had.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	uvtest.Check(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestLoopYields: a loop that always has work lets others run.
func TestLoopYields(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	s, c := connectPair(t, "tcp", makers[0], makers[0])
	defer s.Close()
	go func() { _, _ = io.Copy(io.Discard, s) }()
	go func() { _ = fill(c) }()
	for range 100 {
		runtime.Gosched()
		time.Sleep(time.Microsecond)
	}
	c.Close()
}
