package uvnet

import (
	"context"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

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
	check(t, err)
	if n := running(); n != 0 {
		t.Errorf("%d loops run before a socket needs one", n)
	}
	accepted := make(chan net.Conn)
	go func() {
		c, err := ln.Accept()
		check(t, err)
		accepted <- c
	}()
	c, err := Dial("tcp", ln.Addr().String())
	check(t, err)
	s := <-accepted
	for range 10 {
		_, err = c.Write([]byte("x"))
		check(t, err)
		_, err = io.ReadFull(s, make([]byte, 1))
		check(t, err)
	}
	if running() == 0 {
		t.Error("no loop runs beside open sockets")
	}
	c.Close()
	ln.Close()
	s.Close()
	idle(t)

	u, err := ListenPacket("udp", "127.0.0.1:0")
	check(t, err)
	got := make(chan error)
	go func() {
		_, _, err := u.ReadFrom(make([]byte, 1))
		got <- err
	}()
	to, err := net.Dial("udp", u.LocalAddr().String())
	check(t, err)
	_, err = to.Write([]byte("x"))
	check(t, err)
	check(t, <-got)
	to.Close()
	u.Close()
	idle(t)
}

// TestLoopsEndAndBegin dials one connection behind the other from many goroutines:
// loops end while others need them.
func TestLoopsEndAndBegin(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
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
		check(t, err)
		c, err = Dial("tcp", ln.Addr().String())
		check(t, err)
		ln.Close()
	})
	if running() == 0 {
		t.Error("no loop runs beside an open socket")
	}
	c.Close()
	idle(t)
}
