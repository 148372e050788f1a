package tests

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	libuvTests.add(suite{
		"delayed_accept":  onEachLoop(testDelayedAccept),
		"multiple_listen": onEachLoop(testMultipleListen),
		"emfile":          testEMFILE,
	})
	uvtest.Helper("emfile", runEMFILE)
}

func testDelayedAccept(t *testing.T, l *uvgo.Loop) {
	const clients = 5
	var accepted []netip.AddrPort
	var s *handles.TCP
	s, addr := tcpListener(t, l, func(c *handles.TCP) {
		check(t, s.PauseAccept()) // one at a time
		accepted = append(accepted, must(c.RemoteAddr()))
		check(t, c.ReadStart(func(p []byte, err error) {
			check(t, err)
			if string(p) != "hello" {
				t.Errorf("read %q", p)
			}
			c.Close()
		}))
	})
	check(t, s.PauseAccept())
	var connected []netip.AddrPort
	ended := uvtest.NewCounter(t, "end of a client", clients)
	for i := range clients {
		tcpConnect(t, l, addr, func(c *handles.TCP) {
			connected = append(connected, must(c.LocalAddr()))
			must(c.Write([]byte("hello")))
			check(t, c.ReadStart(func(p []byte, err error) {
				isErr(t, "client", err, io.EOF)
				ended.Inc()
				c.Close()
			}))
		})
		// The next one only queues up behind this one.
		turnUntil(t, l, func() bool { return len(connected) == i+1 })
	}
	for len(accepted) < clients {
		// They are connected and wait, in the kernel, without work for the loop.
		before := len(accepted)
		idleTurns(t, l, 20*time.Millisecond)
		if n := len(accepted); n != before || ended.N() != before {
			t.Fatalf("%d were accepted and %d served while accepting was paused", n-before, ended.N()-before)
		}
		check(t, s.ResumeAccept())
		if len(accepted) != before {
			t.Error("accepted inside the call")
		}
		turnUntil(t, l, func() bool { return len(accepted) > before })
		// The turn that accepts one may have another before the callback can
		// pause again; a third one would be back-pressure that does not hold.
		for range 20 {
			turnNoWait(t, l)
		}
		if n := len(accepted) - before; n > 2 {
			t.Errorf("%d were accepted at once", n)
		}
		turnUntil(t, l, func() bool { return ended.N() == len(accepted) })
	}
	if diff := cmp.Diff(connected, accepted, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Errorf("not accepted in the order of connecting (-want +got):\n%s", diff)
	}
	closeAll(t, s)
	looptest.Run(t, l)

	// A connection that waits does not outlive its listener.
	s, addr = tcpListener(t, l, func(*handles.TCP) { t.Error("accepted while paused") })
	check(t, s.PauseAccept())
	lost := uvtest.NewCounter(t, "end of a client that nobody accepted", 1)
	tcpConnect(t, l, addr, func(c *handles.TCP) {
		check(t, c.ReadStart(func(p []byte, err error) {
			lost.Inc()
			if err == nil {
				t.Errorf("read %q", p)
			}
			c.Close()
		}))
		closeAll(t, s)
	})
	looptest.Run(t, l)
}

func testMultipleListen(t *testing.T, l *uvgo.Loop) {
	accepted := uvtest.NewCounter(t, "second function", 1)
	s, addr := tcpListener(t, l, func(*handles.TCP) { t.Error("the first function is called") })
	second := func(c *handles.TCP, err error) {
		check(t, err)
		accepted.Inc()
		closeAll(t, c, s)
	}
	check(t, s.Listen(128, second))
	isErr(t, "listen without a function", s.Listen(128, nil), uv.EINVAL)
	if again := must(s.LocalAddr()); again != addr {
		t.Errorf("the second Listen moves from %v to %v", addr, again)
	}
	tcpConnect(t, l, addr, func(c *handles.TCP) { closeAll(t, c) })
	looptest.Run(t, l)
}

func testEMFILE(t *testing.T) {
	for _, p := range []string{"thread", "goroutine"} {
		t.Run(p, func(t *testing.T) {
			uvtest.Watchdog(t, time.Minute)
			out, err := uvtest.Command(t, "emfile", p).CombinedOutput()
			want := "connected\nno descriptor for it\nend of the shed connection\nconnected\naccepted 1\n"
			if err != nil || string(out) != want {
				t.Errorf("%v, output:\n%s\nwant:\n%s", err, out, want)
			}
		})
	}
}

// runEMFILE is a process that runs out of descriptors: the connection that it
// cannot accept is reported and shed, and later ones are accepted again.
func runEMFILE() {
	ok := func(err error) {
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	park := uvgo.ParkThread
	if os.Args[1] == "goroutine" {
		park = uvgo.ParkGoroutine
	}
	l := must(uvgo.New(uvgo.WithParking(park)))
	s := must(l.NewTCP())
	ok(s.Bind(anyPort))
	var taken []int
	accepted := 0
	ok(s.Listen(8, func(c *handles.TCP, err error) {
		if errors.Is(err, uv.EMFILE) && taken != nil {
			fmt.Println("no descriptor for it")
			return
		}
		ok(err)
		if taken != nil {
			fmt.Println("accepted without a descriptor")
			os.Exit(1)
		}
		accepted++
		c.Close()
		s.Close()
	}))
	addr := must(s.LocalAddr())
	connect := func(end func()) {
		c := must(l.NewTCP())
		ok(c.Connect(addr, func(err error) {
			ok(err)
			fmt.Println("connected")
			ok(c.ReadStart(func(p []byte, err error) {
				if err == nil {
					fmt.Printf("read %q\n", p)
				}
				c.Close()
				end()
			}))
		}))
	}

	var limit unix.Rlimit
	ok(unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	limit.Cur = 64
	ok(unix.Setrlimit(unix.RLIMIT_NOFILE, &limit))
	for {
		fd, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 0)
		if err == unix.EMFILE || err == unix.EINVAL {
			break
		}
		ok(err)
		taken = append(taken, fd)
	}
	ok(unix.Close(taken[0])) // one for the client; none for its counterpart
	taken = taken[1:]
	connect(func() {
		fmt.Println("end of the shed connection")
		for _, fd := range taken {
			ok(unix.Close(fd))
		}
		taken = nil
		connect(func() {})
	})
	ok(l.Run(context.Background()))
	fmt.Println("accepted", accepted)
	ok(l.Close())
}
