package server_test

import (
	"errors"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// TestFile: the file is the connection's socket, which no child inherits and which stays in non-blocking mode. It works after the
// connection is closed.
func TestFile(t *testing.T) {
	eachNetwork(t, func(t *testing.T, addr string) {
		h := newProbe(t)
		again := make(chan struct{})
		h.onData = func(c *server.Conn, p []byte) {
			f, err := c.File()
			uvtest.Check(t, err)
			fd := int(f.Fd())
			if fl := uvtest.Must(unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)); fl&unix.O_NONBLOCK == 0 {
				t.Error("the socket blocks")
			}
			if fl := uvtest.Must(unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)); fl&unix.FD_CLOEXEC == 0 {
				t.Error("a child would inherit it")
			}
			if _, err := f.Write([]byte("by the file, ")); err != nil {
				t.Error(err)
			}
			uvtest.Must(c.Write([]byte("by the connection, ")))
			c.Close()
			go func() {
				<-again
				if _, err := f.Write([]byte("and again")); err == nil {
					t.Error("our side has ended, and the file writes")
				}
				f.Close()
				close(again)
			}()
		}
		h.onClose = func(c *server.Conn, err error) {
			if f, err := c.File(); f != nil || !errors.Is(err, net.ErrClosed) {
				t.Errorf("File in Close: %v, %v", f, err)
			}
		}
		r := run(t, &server.Server{Handler: h, Loops: 1}, addr)
		c := r.dial()
		send(t, c, []byte("x"))
		const want = "by the file, by the connection, "
		if got := string(receive(t, c, len(want))); got != want {
			t.Errorf("%q", got)
		}
		wantEnd(t, c)
		again <- struct{}{}
		<-again
		c.Close()
		end := <-h.closed
		if _, err := end.conn.File(); !errors.Is(err, uv.ErrNotOwner) {
			t.Errorf("on another goroutine: %v", err)
		}
	})
	var zero server.Conn
	if _, err := zero.File(); !errors.Is(err, uv.EINVAL) {
		t.Errorf("of a zero Conn: %v", err)
	}
}
