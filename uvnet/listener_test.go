package uvnet

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/nettest"
	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
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
			check(t, err)
			addr := ln.Addr().String()
			_, port, _ := net.SplitHostPort(addr)
			if tt.dial != "" {
				addr = net.JoinHostPort(tt.dial, port)
			}
			c, err := m.dial(tt.network, addr)
			check(t, err)
			s, err := ln.Accept()
			check(t, err)
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

// TestOptions: accepted and dialled connections have the options that package
// net sets.
func TestOptions(t *testing.T) {
	options := func(c net.Conn) (v [5]int) {
		raw, err := c.(syscall.Conn).SyscallConn()
		check(t, err)
		check(t, raw.Control(func(fd uintptr) {
			for i, o := range [][2]int{
				{unix.IPPROTO_TCP, unix.TCP_NODELAY}, {unix.SOL_SOCKET, unix.SO_KEEPALIVE},
				{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE}, {unix.IPPROTO_TCP, unix.TCP_KEEPINTVL}, {unix.IPPROTO_TCP, unix.TCP_KEEPCNT},
			} {
				v[i], _ = unix.GetsockoptInt(int(fd), o[0], o[1])
			}
		}))
		return v
	}
	for _, keepAlive := range []time.Duration{0, -1, 90 * time.Second} {
		var got [2][2][5]int
		for i := range makers {
			var ln net.Listener
			var d dialer = &Dialer{KeepAlive: keepAlive}
			var err error
			if i == 0 {
				ln, err = (&ListenConfig{KeepAlive: keepAlive}).Listen(context.Background(), "tcp", "127.0.0.1:0")
			} else {
				ln, err = (&net.ListenConfig{KeepAlive: keepAlive}).Listen(context.Background(), "tcp", "127.0.0.1:0")
				d = &net.Dialer{KeepAlive: keepAlive}
			}
			check(t, err)
			c, err := d.DialContext(context.Background(), "tcp", ln.Addr().String())
			check(t, err)
			s, err := ln.Accept()
			check(t, err)
			got[i] = [2][5]int{options(s), options(c)}
			s.Close()
			c.Close()
			ln.Close()
		}
		if got[0] != got[1] {
			t.Errorf("keep-alive %v: uvnet %v, net %v", keepAlive, got[0], got[1])
		}
	}
}

// TestListenAgain: the address is free when Close returns.
func TestListenAgain(t *testing.T) {
	addr := "127.0.0.1:0"
	for range 50 {
		ln, err := Listen("tcp", addr)
		check(t, err)
		addr = ln.Addr().String()
		entered := make(chan struct{})
		done := make(chan error, 1)
		go func() { close(entered); _, err := ln.Accept(); done <- err }()
		<-entered
		check(t, ln.Close())
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
	check(t, err)
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
		check(t, err)
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
	check(t, err)
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close: %v", err)
	}
	ln, err = Listen("unix", path)
	check(t, err)
	ln.(*UnixListener).SetUnlinkOnClose(false)
	ln.Close()
	if _, err := os.Stat(path); err != nil {
		t.Errorf("kept: %v", err)
	}
}

// TestFiles: connections, listeners and packet connections go through os.File
// and back.
func TestFiles(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		ln, err := Listen(network, address(t, network))
		check(t, err)
		lf, err := ln.(interface{ File() (*os.File, error) }).File()
		check(t, err)
		again, err := FileListener(lf)
		check(t, err)
		lf.Close()
		c, err := Dial(network, ln.Addr().String())
		check(t, err)
		s, err := again.Accept()
		check(t, err)
		cf, err := c.(half).File()
		check(t, err)
		c.Close()
		c, err = FileConn(cf)
		check(t, err)
		cf.Close()
		check(t, write(c))
		check(t, read(s))
		s.Close()
		c.Close()
		again.Close()
		ln.Close()
	})
	f, err := os.Open(os.DevNull)
	check(t, err)
	defer f.Close()
	_, ours := FileConn(f)
	_, theirs := net.FileConn(f)
	if diff := cmp.Diff(shapeOf(theirs), shapeOf(ours)); diff != "" {
		t.Errorf("no socket (-net +uvnet)\n%s", diff)
	}
}

// TestTLSConn runs package net's suite over TLS on uvnet, and over TLS on package
// net for comparison. The cases in which a Write times out are left out: they are
// final for crypto/tls whatever it runs on.
func TestTLSConn(t *testing.T) {
	const inner = "UVNET_TLS_MAKER"
	if i, err := strconv.Atoi(os.Getenv(inner)); err == nil {
		uvtest.Watchdog(t, minutes)
		cert := certificate(t)
		nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) { return tlsPair(t, makers[i], cert) })
		return
	}
	for i, m := range makers {
		t.Run(m.name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestTLSConn$", "-test.skip=TestTLSConn/(PastTimeout|FutureTimeout|ConcurrentMethods)")
			cmd.Env = append(os.Environ(), inner+"="+strconv.Itoa(i))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func tlsPair(t testing.TB, m maker, cert tls.Certificate) (c1, c2 net.Conn, stop func(), err error) {
	s, c := connectPair(t, "tcp", m, m)
	server := tls.Server(s, &tls.Config{Certificates: []tls.Certificate{cert}})
	client := tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	shaken := make(chan error, 1)
	go func() { shaken <- server.Handshake() }()
	if err := client.Handshake(); err != nil {
		return nil, nil, nil, err
	}
	// Not what is beneath: a Close of the test's own may still be about to close it.
	return server, client, func() { client.Close(); server.Close() }, <-shaken
}

// TestOwnGroup: a Net on a group of one's own; when the group has been shut
// down, calls end.
func TestOwnGroup(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	g, err := uvgo.NewGroup(2, uvgo.WithParking(uvgo.ParkGoroutine))
	check(t, err)
	ran := make(chan error, 1)
	go func() { ran <- g.Run(context.Background()) }()
	n := New(g)
	ln, err := n.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	c, err := n.Dial("tcp", ln.Addr().String())
	check(t, err)
	s, err := ln.Accept()
	check(t, err)
	check(t, write(c))
	check(t, read(s))
	waiting := make(chan error, 2)
	go func() { waiting <- read(s) }()
	go func() { _, err := ln.Accept(); waiting <- err }()
	check(t, g.Shutdown(context.Background()))
	check(t, <-ran)
	for range 2 {
		if err := <-waiting; !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Shutdown: %v", err)
		}
	}
	c.Close()
	s.Close()
	ln.Close()
	if _, err := n.Dial("tcp", "127.0.0.1:1"); !errors.Is(err, net.ErrClosed) {
		t.Errorf("dial after Shutdown: %v", err)
	}
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
			check(t, write(c))
			check(t, read(c))
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
	check(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
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
