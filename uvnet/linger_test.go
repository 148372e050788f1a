package uvnet

import (
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestLingerHoldsNoLoop: close(2) of a connection with SO_LINGER sleeps where bytes are
// unsent; Close then does, as package net's, and the loop does not, by whatever way the
// option was set and the connection ends.
func TestLingerHoldsNoLoop(t *testing.T) {
	raw := func(t *testing.T, c *TCPConn, sec int) {
		sc, err := c.SyscallConn()
		uvtest.Check(t, err)
		uvtest.Check(t, sc.Control(func(fd uintptr) {
			uvtest.Check(t, unix.SetsockoptLinger(int(fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1, Linger: int32(sec)}))
		}))
	}
	setLinger := func(t *testing.T, c *TCPConn, sec int) { uvtest.Check(t, c.SetLinger(sec)) }
	closeIt := func(t *testing.T, c *TCPConn) { uvtest.Check(t, c.Close()) }
	walk := func(t *testing.T, c *TCPConn) {
		done := make(chan error)
		uvtest.Check(t, c.w.loop.Post(func() { done <- c.life.stream.Close() }))
		uvtest.Check(t, <-done)
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
			uvtest.Check(t, err)
			defer ln.Close()
			dial := func() (c *TCPConn, peer net.Conn) {
				d, err := n.Dial("tcp", ln.Addr().String())
				uvtest.Check(t, err)
				peer, err = ln.Accept()
				uvtest.Check(t, err)
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
				uvtest.Check(t, write(other))
				_, err := io.ReadFull(other, b)
				uvtest.Check(t, err)
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
