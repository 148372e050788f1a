package uvnet

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// blocked has a goroutine in Write for which the peer makes no room; it sends what
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
		check(t, c.(interface{ CloseWrite() error }).CloseWrite())
		if err := <-ended; !errors.Is(err, syscall.EPIPE) {
			t.Errorf("Write: %v", err)
		}
		if err := write(c); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("Write behind it: %v", err)
		}
		if n, err := io.Copy(io.Discard, peer); n == 0 || err != nil {
			t.Errorf("the peer read %d bytes, %v", n, err)
		}
		check(t, write(peer))
		check(t, read(c))
	})
}

// TestCloseWithUnsentBytesEndsWithThePeer: what is left to send keeps a connection's
// descriptor only as long as there is a peer, however that went, and whatever had
// been read.
func TestCloseWithUnsentBytesEndsWithThePeer(t *testing.T) {
	for name, leave := range map[string]func(t *testing.T, peer *net.TCPConn){
		"reset":                    func(t *testing.T, peer *net.TCPConn) { check(t, peer.SetLinger(0)) },
		"closed with bytes unread": func(t *testing.T, peer *net.TCPConn) {},
		"end, then reset": func(t *testing.T, peer *net.TCPConn) {
			check(t, peer.CloseWrite())
			check(t, peer.SetLinger(0))
		},
	} {
		for before, prepare := range map[string]func(t *testing.T, peer, c net.Conn){
			"fresh":   func(t *testing.T, peer, c net.Conn) {},
			"reading": func(t *testing.T, peer, c net.Conn) { waiting(t, c) },
			"stopped": func(t *testing.T, peer, c net.Conn) {
				ended := make(chan error)
				go func() { ended <- read(c) }()
				known(t, c)
				raw, err := c.(syscall.Conn).SyscallConn()
				check(t, err)
				check(t, c.SetReadDeadline(time.Unix(1, 0)))
				<-ended
				check(t, c.SetReadDeadline(time.Time{}))
				check(t, raw.Read(func(uintptr) bool { return true }))
			},
			"unread": func(t *testing.T, peer, c net.Conn) { check(t, write(peer)) },
		} {
			t.Run(name+"/"+before, func(t *testing.T) {
				uvtest.Watchdog(t, minutes)
				p, c := connectPair(t, "tcp", makers[1], makers[0])
				peer := p.(*net.TCPConn)
				prepare(t, peer, c)
				ended := blocked(t, c)
				fd := uintptr(c.(*TCPConn).fd)
				id, err := identify(fd)
				check(t, err)
				check(t, c.Close())
				<-ended
				leave(t, peer)
				check(t, peer.Close())
				start := time.Now()
				uvtest.Eventually(t, "the descriptor to be closed", func() bool {
					now, err := identify(fd)
					return err != nil || now != id
				})
				if took := time.Since(start); took > flushLimit/2 {
					t.Errorf("took %v", took)
				}
			})
		}
	}
}

// TestLingerHoldsNoLoop: close(2) of a connection with SO_LINGER sleeps where bytes are
// unsent; Close then does, as package net's, and the loop does not, by whatever way the
// option was set and the connection ends.
func TestLingerHoldsNoLoop(t *testing.T) {
	raw := func(t *testing.T, c *TCPConn, sec int) {
		sc, err := c.SyscallConn()
		check(t, err)
		check(t, sc.Control(func(fd uintptr) {
			check(t, unix.SetsockoptLinger(int(fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1, Linger: int32(sec)}))
		}))
	}
	setLinger := func(t *testing.T, c *TCPConn, sec int) { check(t, c.SetLinger(sec)) }
	closeIt := func(t *testing.T, c *TCPConn) { check(t, c.Close()) }
	walk := func(t *testing.T, c *TCPConn) {
		done := make(chan error)
		check(t, c.w.loop.Post(func() { done <- c.life.stream.Close() }))
		check(t, <-done)
	}
	for _, test := range []struct {
		name string
		set  func(t *testing.T, c *TCPConn, sec int)
		end  func(t *testing.T, c *TCPConn)
		long bool
		all  bool // that is unsent, the kernel has
	}{
		{"SetLinger, Close", setLinger, closeIt, true, false},
		{"SetLinger, Close of what the kernel has", setLinger, closeIt, true, true},
		{"RawConn, Walk", raw, walk, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			uvtest.Watchdog(t, minutes)
			g, n, stop := runGroup(t, 1)
			defer g.Shutdown(t.Context())
			defer stop()
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			check(t, err)
			defer ln.Close()
			dial := func() (c *TCPConn, peer net.Conn) {
				d, err := n.Dial("tcp", ln.Addr().String())
				check(t, err)
				peer, err = ln.Accept()
				check(t, err)
				return d.(*TCPConn), peer
			}
			c, peer := dial()
			defer peer.Close()
			other, echo := dial()
			defer other.Close()
			defer echo.Close()
			go io.Copy(struct{ io.Writer }{echo}, struct{ io.Reader }{echo}) // not by splice, whose pipes stay
			ended := make(<-chan error)
			if test.all {
				fillKernel(t, c)
			} else {
				ended = blocked(t, c)
			}
			test.set(t, c, 3)
			closed := make(chan struct{})
			start := time.Now()
			go func() { test.end(t, c); close(closed) }()
			if !test.all {
				<-ended
			}
			b := make([]byte, 1)
			var worst time.Duration
			for time.Since(start) < 4*time.Second {
				at := time.Now()
				check(t, write(other))
				_, err := io.ReadFull(other, b)
				check(t, err)
				worst = max(worst, time.Since(at))
			}
			if worst > 2*time.Second {
				t.Errorf("another connection of the loop waited %v", worst)
			}
			<-closed
			if took := time.Since(start); test.long && took < 2*time.Second {
				t.Errorf("Close took only %v: it is to wait for what is unsent", took)
			}
		})
	}
}
