package handles_test

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// lingerForever makes close(2) of a socket wait until everything is acknowledged.
func lingerForever(t *testing.T, s interface{ FD() (int, error) }) {
	t.Helper()
	uvtest.Check(t, unix.SetsockoptLinger(uvtest.Must(s.FD()), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1, Linger: 3600}))
}

// A connection with SO_LINGER is closed outside the loop. Its close event comes
// although the peer reads nothing, and the peer gets all bytes afterwards. The test
// hangs if close(2) sleeps on the loop.
func TestTCPCloseThatLingers(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(t *testing.T, l *uvgo.Loop, c *handles.TCP) *handles.TCP
	}{
		{"set on the connection", func(t *testing.T, _ *uvgo.Loop, c *handles.TCP) *handles.TCP {
			lingerForever(t, c)
			return c
		}},
		{"set on what was opened", func(t *testing.T, l *uvgo.Loop, c *handles.TCP) *handles.TCP {
			lingerForever(t, c)
			d := uvtest.Must(l.NewTCP())
			uvtest.Check(t, d.Open(uintptr(uvtest.Must(c.FD()))))
			uvtest.CloseAll(t, c)
			looptest.Turn(t, l, 2)
			return d
		}},
		{"inherited from the listener", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := looptest.New(t)
			var c *handles.TCP
			ln, addr := looptest.Listen(t, l, func(s *handles.TCP, err error) {
				uvtest.Check(t, err)
				c = s
			})
			if tt.make == nil {
				lingerForever(t, ln)
			}
			peer := uvtest.Must(net.Dial("tcp", addr.String()))
			defer peer.Close()
			looptest.Until(t, l, func() bool { return c != nil })
			if tt.make != nil {
				c = tt.make(t, l, c)
			}
			sent, block := 0, make([]byte, 64<<10)
			for {
				n, err := c.TryWrite(block)
				if errors.Is(err, syscall.EAGAIN) {
					break
				}
				uvtest.Check(t, err)
				sent += n
			}
			closed := false
			c.OnClose(func() { closed = true })
			uvtest.CloseAll(t, c, ln)
			looptest.Until(t, l, func() bool { return closed })
			if n, err := io.Copy(io.Discard, peer); n != int64(sent) || err != nil {
				t.Errorf("the peer got %d of %d bytes, %v", n, sent, err)
			}
			uvtest.Check(t, l.Run(t.Context()))
		})
	}
}
