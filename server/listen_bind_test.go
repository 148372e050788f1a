package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

func init() { uvtest.Helper("rival", rival) }

// rival listens on each address of its input, with two loops, and prints the verdict.
// An empty line ends that server.
func rival() {
	var s *server.Server
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if addr := in.Text(); addr != "" {
			s = &server.Server{Handler: echoer{}, Loops: 2}
			fmt.Println(verdict(s.Listen(addr)))
			continue
		}
		fmt.Println(verdict(s.Shutdown(context.Background())))
	}
}

func verdict(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, uv.EADDRINUSE):
		return "in use"
	}
	return err.Error()
}

// A starter starts a server; verdict returns how Listen ended.
type starter interface {
	listen(addr string) (verdict func() string)
	shutdown(t *testing.T)
}

// inside starts servers in this process.
type inside struct{ s *server.Server }

func (i *inside) listen(addr string) func() string {
	i.s = &server.Server{Handler: echoer{}, Loops: 2}
	done := make(chan string, 1)
	go func() {
		time.Sleep(rand.N(300 * time.Microsecond))
		done <- verdict(i.s.Listen(addr))
	}()
	return func() string { return <-done }
}

func (i *inside) shutdown(t *testing.T) { uvtest.Check(t, i.s.Shutdown(context.Background())) }

// outside has another process start them.
type outside struct{ *uvtest.Program }

func (o outside) listen(addr string) func() string {
	o.Input(addr + "\n")
	return func() string { return o.Expect(`^(ok|in use|.*)$`) }
}

func (o outside) shutdown(*testing.T) {
	o.Input("\n")
	o.Expect(`^(ok)$`)
}

// TestOneOfTwoServersGetsTheAddress has two servers start at once: exactly one
// must succeed, and clients must reach it.
func TestOneOfTwoServersGetsTheAddress(t *testing.T) {
	pairs := map[string]func(t *testing.T) [2]starter{
		"one process":   func(*testing.T) [2]starter { return [2]starter{new(inside), new(inside)} },
		"two processes": func(t *testing.T) [2]starter { return [2]starter{new(inside), outside{uvtest.Start(t, "rival")}} },
	}
	addresses := map[string]struct {
		rounds int
		addr   func(t *testing.T) string
	}{
		"tcp":        {100, func(t *testing.T) string { return tcpURL(reserve(t, false)) }},
		"unix":       {100, func(t *testing.T) string { return "unix://" + uvtest.SocketPath(t) }},
		"unix stale": {8, func(t *testing.T) string { return "unix://" + leaveBehind(t) }}, // each takes a moment
	}
	for how, pair := range pairs {
		for network, a := range addresses {
			t.Run(how+"/"+network, func(t *testing.T) {
				uvtest.Watchdog(t, 2*maxWait)
				p := pair(t)
				for range a.rounds {
					oneGets(t, p, a.addr(t))
				}
			})
		}
	}
}

func oneGets(t *testing.T, rivals [2]starter, addr string) {
	t.Helper()
	first, second := rivals[0].listen(addr), rivals[1].listen(addr)
	got := [2]string{first(), second()}
	if got != [2]string{"ok", "in use"} && got != [2]string{"in use", "ok"} {
		t.Errorf("two servers at once: %q", got)
	}
	network, at, _ := strings.Cut(addr, "://")
	c, err := net.Dial(network, at)
	if err != nil {
		t.Errorf("the one that succeeded cannot be reached: %v", err)
	} else {
		c.Close()
	}
	for _, r := range rivals {
		r.shutdown(t)
	}
}

// leaveBehind makes a socket that nobody listens on any more.
func leaveBehind(t testing.TB) string {
	path := uvtest.SocketPath(t)
	fd := bindOnly(t, path)
	unix.Close(fd)
	return path
}

// bindOnly makes a socket that is bound but does not listen.
func bindOnly(t testing.TB, path string) int {
	fd := uvtest.Must(unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	uvtest.Check(t, unix.Bind(fd, &unix.SockaddrUnix{Name: path}))
	return fd
}

// TestSocketAboutToListenIsNotStale has another program bind first, which listens
// only when the server has seen its socket refuse connections: the file stays that program's.
func TestSocketAboutToListenIsNotStale(t *testing.T) {
	path := uvtest.SocketPath(t)
	fd := bindOnly(t, path)
	defer unix.Close(fd)
	listen := sync.OnceFunc(func() { uvtest.Check(t, unix.Listen(fd, 8)) }) // nobody accepts those that look
	refused := false
	if server.RemoveStale(path, func() { refused = true; listen() }) || !refused {
		t.Fatalf("the socket was removed, or never refused (%v)", refused)
	}
	s := &server.Server{Handler: newProbe(t), Loops: 1}
	uvtest.IsErr(t, "Listen", s.Listen("unix://"+path), uv.EADDRINUSE)
	c, err := net.Dial("unix", path)
	uvtest.Check(t, err)
	c.Close()
}

// TestReusePortSharesAPort: only servers that ask for it share.
func TestReusePortSharesAPort(t *testing.T) {
	eachLoops(t, func(t *testing.T, loops int) {
		a := run(t, &server.Server{Handler: echo(t), Loops: loops, ReusePort: true})
		b := &server.Server{Handler: newProbe(t), Loops: loops, ReusePort: true}
		uvtest.Check(t, b.Listen(tcpURL(a.Addrs()[0])))
		alone := &server.Server{Handler: newProbe(t), Loops: loops}
		if err := alone.Listen(tcpURL(a.Addrs()[0])); !errors.Is(err, uv.EADDRINUSE) {
			t.Errorf("Listen without ReusePort beside those: %v", err)
		}
		uvtest.Check(t, b.Shutdown(context.Background()))
		uvtest.Check(t, alone.Shutdown(context.Background()))
		roundTrip(t, a.dial(), "hello")

		b = &server.Server{Handler: newProbe(t), Loops: loops, ReusePort: true}
		c := run(t, &server.Server{Handler: echo(t), Loops: 1})
		if err := b.Listen(tcpURL(c.Addrs()[0])); !errors.Is(err, uv.EADDRINUSE) {
			t.Errorf("Listen with ReusePort beside one without: %v", err)
		}
		uvtest.Check(t, b.Shutdown(context.Background()))
		roundTrip(t, c.dial(), "hello")
	})
}

// TestEveryLoopListensOnEveryKindOfAddress: the loops of one server share what the
// first has bound, so the kernel spreads connections over all of them.
func TestEveryLoopListensOnEveryKindOfAddress(t *testing.T) {
	const loops, conns = 4, 120
	for _, addr := range []string{
		"tcp://127.0.0.1:0", "tcp://[::1]:0", "tcp4://:0", "tcp6://:0", "tcp://:0",
		tcpURL(reserve(t, false)), tcpURL(reserve(t, true)),
	} {
		t.Run(addr, func(t *testing.T) {
			h := echo(t)
			r := run(t, &server.Server{Handler: h, Loops: loops}, addr)
			count := map[any]int{}
			at := *r.Addrs()[0].(*net.TCPAddr)
			if at.IP.IsUnspecified() {
				at.IP = net.IPv6loopback
				if strings.Contains(r.Addrs()[0].String(), "0.0.0.0") {
					at.IP = net.IPv4(127, 0, 0, 1)
				}
			}
			for range conns {
				r.dialAddr(&at)
				count[(<-h.opened).Loop()]++
			}
			if len(count) != loops {
				t.Errorf("%d of %d loops have connections: %v", len(count), loops, count)
			}
		})
	}
}
