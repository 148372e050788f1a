package uvnet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// runGroup starts a group of n loops; stop ends Run and waits for that.
func runGroup(t *testing.T, n int) (g *uvgo.Group, nt *Net, stop func()) {
	t.Helper()
	g, err := uvgo.NewGroup(n, uvgo.WithParking(uvgo.ParkGoroutine))
	uvtest.Check(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		_ = g.Run(ctx)
		close(ended)
	}()
	return g, New(g), func() { cancel(); <-ended }
}

// A fileID says what a descriptor's number stands for.
type fileID struct{ dev, ino uint64 }

func identify(fd uintptr) (id fileID, err error) {
	var st unix.Stat_t
	err = unix.Fstat(int(fd), &st)
	return fileID{st.Dev, st.Ino}, err
}

// ways are those by which a loop ends what goroutines may be using. The loops have
// been stopped.
var ways = map[string]func(t *testing.T, g *uvgo.Group, ctx context.Context) error{
	"Group.Shutdown": func(_ *testing.T, g *uvgo.Group, ctx context.Context) error { return g.Shutdown(ctx) },
	"Loop.Shutdown":  func(_ *testing.T, g *uvgo.Group, ctx context.Context) error { return g.Loops()[0].Shutdown(ctx) },
	"Walk": func(t *testing.T, g *uvgo.Group, ctx context.Context) error {
		l := g.Loops()[0]
		for h := range l.Walk() {
			uvtest.Check(t, h.Close())
		}
		for range 10 {
			_, err := l.RunNoWait()
			uvtest.Check(t, err)
		}
		return l.Shutdown(ctx)
	},
	"CloseReset": func(t *testing.T, g *uvgo.Group, ctx context.Context) error {
		l := g.Loops()[0]
		for h := range l.Walk() {
			if h, ok := h.(interface{ CloseReset() error }); ok && !h.(uv.Handle).Closing() {
				uvtest.Check(t, h.CloseReset())
			}
		}
		return l.Shutdown(ctx)
	},
}

// sockets make one each that its loop has got to know, and that waits in there.
var sockets = map[string]func(t *testing.T, n *Net) syscall.Conn{
	"tcp":  func(t *testing.T, n *Net) syscall.Conn { return waiting(t, accepted(t, n, "tcp")) },
	"unix": func(t *testing.T, n *Net) syscall.Conn { return waiting(t, accepted(t, n, "unix")) },
	"file": func(t *testing.T, n *Net) syscall.Conn {
		c := accepted(t, n, "tcp")
		defer c.Close()
		f, err := c.(*TCPConn).File()
		uvtest.Check(t, err)
		defer f.Close()
		copied, err := n.FileConn(f)
		uvtest.Check(t, err)
		return waiting(t, copied)
	},
	"udp": func(t *testing.T, n *Net) syscall.Conn {
		c, err := n.ListenPacket("udp", "127.0.0.1:0")
		uvtest.Check(t, err)
		return waiting(t, c.(net.Conn))
	},
	"listener": func(t *testing.T, n *Net) syscall.Conn {
		ln, err := n.Listen("tcp", "127.0.0.1:0")
		uvtest.Check(t, err)
		go ln.Accept()
		known(t, ln)
		return ln.(syscall.Conn)
	},
}

// accepted is one end of a connection whose other lives as long as the test.
func accepted(t *testing.T, n *Net, network string) net.Conn {
	t.Helper()
	ln, err := net.Listen(network, address(t, network))
	uvtest.Check(t, err)
	defer ln.Close()
	c, err := n.Dial(network, ln.Addr().String())
	uvtest.Check(t, err)
	peer, err := ln.Accept()
	uvtest.Check(t, err)
	t.Cleanup(func() { peer.Close() })
	return c
}

// waiting has a goroutine wait in Read.
func waiting(t *testing.T, c net.Conn) syscall.Conn {
	t.Helper()
	go io.Copy(io.Discard, c)
	known(t, c)
	return c.(syscall.Conn)
}

// known waits until the loop has made a handle for the socket.
func known(t *testing.T, socket any) {
	t.Helper()
	var has func() bool
	switch s := socket.(type) {
	case interface{ inner() *conn }:
		c := s.inner()
		has = func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.life.state == lifeStream || c.poller != nil && c.poller.polls()
		}
	case *UDPConn:
		has = s.poller.polls
	case *TCPListener:
		has = s.poller.polls
	}
	uvtest.Eventually(t, "the loop to know the socket", has)
}

func (p *poller) polls() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.state == pollMade }

// TestNumberOutlivesTheLoop: while a goroutine uses a descriptor by its number, no
// end of the loop frees the number. Shutdown waits for the goroutine, or names the
// socket when its context ends.
func TestNumberOutlivesTheLoop(t *testing.T) {
	for way, end := range ways {
		for name, make := range sockets {
			t.Run(way+"/"+name, func(t *testing.T) {
				uvtest.Watchdog(t, minutes)
				g, n, stop := runGroup(t, 1)
				raw, err := make(t, n).SyscallConn()
				uvtest.Check(t, err)
				inside, leave, left := channel(), channel(), channel()
				var before, after fileID
				var number uintptr
				go func() {
					defer close(left)
					uvtest.Check(t, raw.Control(func(fd uintptr) {
						number = fd
						before, _ = identify(fd)
						close(inside)
						<-leave
						after, _ = identify(fd)
					}))
				}()
				<-inside
				stop()
				ctx, cancel := context.WithCancel(context.Background())
				cancel()
				if err := end(t, g, ctx); err != nil {
					if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "still open: ") {
						t.Errorf("shutdown: %v", err)
					}
				}
				if id, err := identify(number); err != nil || id != before {
					t.Errorf("the number stands for %v, %v; before %v", id, err, before)
				}
				close(leave)
				<-left
				if after != before {
					t.Errorf("the number stood for %v; before %v", after, before)
				}
				uvtest.Check(t, g.Shutdown(context.Background()))
				uvtest.Eventually(t, "the descriptor to be closed", func() bool {
					id, err := identify(number)
					return err != nil || id != before
				})
			})
		}
	}
}

func channel() chan struct{} { return make(chan struct{}) }

// TestShutdownWaitsForUsers: a Shutdown with time goes on until the last user has
// left, however late that is.
func TestShutdownWaitsForUsers(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	g, n, stop := runGroup(t, 1)
	raw, err := sockets["tcp"](t, n).SyscallConn()
	uvtest.Check(t, err)
	inside, leave, left := channel(), channel(), channel()
	go raw.Control(func(fd uintptr) {
		defer close(left)
		before, err := identify(fd)
		uvtest.Check(t, err)
		close(inside)
		<-leave
		if after, err := identify(fd); err != nil || after != before {
			t.Errorf("the number stood for %v, %v; before %v", after, err, before)
		}
	})
	<-inside
	stop()
	done := make(chan error, 1)
	go func() { done <- g.Shutdown(context.Background()) }()
	l := g.Loops()[0]
	turns := l.Stats().Turns
	uvtest.Eventually(t, "Shutdown to turn the loop", func() bool {
		return len(done) > 0 || l.Stats().Turns > turns
	})
	if len(done) > 0 {
		t.Error("Shutdown did not wait")
	}
	close(leave)
	<-left
	uvtest.Check(t, <-done)
}

// TestShutdownUnderTraffic: a group is shut down while goroutines write and read
// in every way there is, and others of the program open sockets. Nothing of the
// connections comes out there, and nobody meets EBADF.
func TestShutdownUnderTraffic(t *testing.T) {
	uvtest.Watchdog(t, 2*minutes)
	file := writeTemp(t, strings.Repeat("SECRET", 20_000))
	for round := range 8 {
		g, n, stop := runGroup(t, 2)
		var wg sync.WaitGroup
		for _, network := range []string{"tcp", "unix"} {
			ln, err := n.Listen(network, address(t, network))
			uvtest.Check(t, err)
			defer ln.Close()
			go serveTraffic(ln)
			for i := range 20 {
				c, err := n.Dial(network, ln.Addr().String())
				uvtest.Check(t, err)
				wg.Go(func() { traffic(t, c, i, file) })
			}
		}
		done := make(chan struct{})
		strangers := make(chan int)
		go func() { strangers <- countStrangers(done) }()
		if round%2 == 0 {
			stop()
		}
		uvtest.Check(t, g.Shutdown(context.Background()))
		stop()
		wg.Wait()
		close(done)
		if got := <-strangers; got != 0 {
			t.Fatalf("round %d: bytes arrived in %d sockets of others", round, got)
		}
	}
}

// serveTraffic echoes what every fourth connection sends, and drops the others'.
func serveTraffic(ln net.Listener) {
	for i := 0; ; i++ {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		to := io.Discard
		if i%4 == 0 {
			to = c
		}
		go func() {
			defer c.Close()
			io.Copy(to, c)
		}()
	}
}

// traffic writes to c in one of five ways, and reads, until that fails.
func traffic(t *testing.T, c net.Conn, way int, file string) {
	defer c.Close()
	go io.Copy(io.Discard, c)
	p := bytes.Repeat([]byte("SECRET"), 200)
	raw, err := c.(syscall.Conn).SyscallConn()
	uvtest.Check(t, err)
	for err == nil {
		switch way % 5 {
		case 0, 1:
			_, err = c.Write(p)
		case 2:
			_, err = c.(interface {
				WriteBuffers(*net.Buffers) (int64, error)
			}).WriteBuffers(&net.Buffers{p, p})
		case 3:
			var f *os.File
			if f, err = os.Open(file); err == nil {
				_, err = io.Copy(c, f)
				f.Close()
			}
		case 4:
			var werr error
			err = raw.Write(func(fd uintptr) bool {
				_, werr = unix.Write(int(fd), p)
				return werr != unix.EAGAIN
			})
			err = errors.Join(err, werr)
		}
	}
	if errors.Is(err, unix.EBADF) || errors.Is(err, unix.ENOTSOCK) {
		t.Errorf("way %d: %v", way, err)
	}
}

// countStrangers opens sockets as other parts of a program do, and counts those in
// which something has arrived by the time that done is closed.
func countStrangers(done <-chan struct{}) (n int) {
	var fds [][2]int
	for len(fds) < 2000 {
		select {
		case <-done:
			return n
		default:
		}
		p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			break
		}
		fds = append(fds, p)
		defer func() {
			for _, fd := range p {
				if k, _ := unix.Read(fd, make([]byte, 10)); k > 0 {
					n++
				}
				unix.Close(fd)
			}
		}()
	}
	<-done
	return n
}
