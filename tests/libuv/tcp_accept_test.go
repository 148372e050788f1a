package libuv

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
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"delayed_accept":  kit.PerLoop(testDelayedAccept),
		"multiple_listen": kit.PerLoop(testMultipleListen),
		"emfile":          testEMFILE,
	})
	uvtest.Helper("emfile", runEMFILE)
}

func testDelayedAccept(t *testing.T, l *uvgo.Loop) {
	const clients = 5
	var accepted []netip.AddrPort
	var s *handles.TCP
	s, addr := kit.TCPListener(t, l, func(c *handles.TCP) {
		uvtest.Check(t, s.PauseAccept()) // one at a time
		accepted = append(accepted, uvtest.Must(c.RemoteAddr()))
		uvtest.Check(t, c.ReadStart(func(p []byte, err error) {
			uvtest.Check(t, err)
			if string(p) != "hello" {
				t.Errorf("read %q", p)
			}
			c.Close()
		}))
	})
	uvtest.Check(t, s.PauseAccept())
	var connected []netip.AddrPort
	ended := uvtest.NewCounter(t, "end of a client", clients)
	for i := range clients {
		kit.TCPConnect(t, l, addr, func(c *handles.TCP) {
			connected = append(connected, uvtest.Must(c.LocalAddr()))
			uvtest.Must(c.Write([]byte("hello")))
			uvtest.Check(t, c.ReadStart(func(p []byte, err error) {
				uvtest.IsErr(t, "client", err, io.EOF)
				ended.Inc()
				c.Close()
			}))
		})
		// The next one only queues up behind this one.
		looptest.Until(t, l, func() bool { return len(connected) == i+1 })
	}
	for len(accepted) < clients {
		// They are connected and wait, in the kernel, without work for the loop.
		before := len(accepted)
		idleTurns(t, l, 20*time.Millisecond)
		if n := len(accepted); n != before || ended.N() != before {
			t.Fatalf("%d were accepted and %d served while accepting was paused", n-before, ended.N()-before)
		}
		uvtest.Check(t, s.ResumeAccept())
		if len(accepted) != before {
			t.Error("accepted inside the call")
		}
		looptest.Until(t, l, func() bool { return len(accepted) > before })
		// The turn that accepts one may have another before the callback can
		// pause again; a third one would be back-pressure that does not hold.
		for range 20 {
			looptest.TurnNoWait(t, l)
		}
		if n := len(accepted) - before; n > 2 {
			t.Errorf("%d were accepted at once", n)
		}
		looptest.Until(t, l, func() bool { return ended.N() == len(accepted) })
	}
	if diff := cmp.Diff(connected, accepted, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Errorf("not accepted in the order of connecting (-want +got):\n%s", diff)
	}
	uvtest.CloseAll(t, s)
	looptest.Run(t, l)

	// A connection that waits does not outlive its listener.
	s, addr = kit.TCPListener(t, l, func(*handles.TCP) { t.Error("accepted while paused") })
	uvtest.Check(t, s.PauseAccept())
	lost := uvtest.NewCounter(t, "end of a client that nobody accepted", 1)
	kit.TCPConnect(t, l, addr, func(c *handles.TCP) {
		uvtest.Check(t, c.ReadStart(func(p []byte, err error) {
			lost.Inc()
			if err == nil {
				t.Errorf("read %q", p)
			}
			c.Close()
		}))
		uvtest.CloseAll(t, s)
	})
	looptest.Run(t, l)
}

func testMultipleListen(t *testing.T, l *uvgo.Loop) {
	accepted := uvtest.NewCounter(t, "second function", 1)
	s, addr := kit.TCPListener(t, l, func(*handles.TCP) { t.Error("the first function is called") })
	second := func(c *handles.TCP, err error) {
		uvtest.Check(t, err)
		accepted.Inc()
		uvtest.CloseAll(t, c, s)
	}
	uvtest.Check(t, s.Listen(128, second))
	uvtest.IsErr(t, "listen without a function", s.Listen(128, nil), uv.EINVAL)
	if again := uvtest.Must(s.LocalAddr()); again != addr {
		t.Errorf("the second Listen moves from %v to %v", addr, again)
	}
	kit.TCPConnect(t, l, addr, func(c *handles.TCP) { uvtest.CloseAll(t, c) })
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
	l := uvtest.Must(uvgo.New(uvgo.WithParking(park)))
	s := uvtest.Must(l.NewTCP())
	ok(s.Bind(looptest.Loopback))
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
	addr := uvtest.Must(s.LocalAddr())
	connect := func(end func()) {
		c := uvtest.Must(l.NewTCP())
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

// idleTurns lets the loop wait for d with nothing to do but a timer, and fails
// the test if it turned more often than a few times: a busy loop makes
// thousands of turns. The number is the evidence, not the time.
func idleTurns(t testing.TB, l *uvgo.Loop, d time.Duration) {
	t.Helper()
	const few = 12
	rang := false
	tm, err := l.AfterFunc(d, func() { rang = true })
	uvtest.Check(t, err)
	before := l.Stats().Turns
	looptest.Until(t, l, func() bool { return rang })
	if n := l.Stats().Turns - before; n > few {
		t.Errorf("%d turns with nothing to do, want at most %d", n, few)
	}
	_ = tm
}
