package hostile

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

// An eofHandler is a handler that gets the peer's EOF, too.
type eofHandler struct {
	kit.Handler
	eof func(c *server.Conn)
}

func (h *eofHandler) EOF(c *server.Conn) { h.eof(c) }

// TestHostileCloseInsideServer ends a server's connections in each of its
// handler's callbacks, in each way, while more data is on its way.
func TestHostileCloseInsideServer(t *testing.T) {
	ways := map[string]func(c *server.Conn){
		"close": func(c *server.Conn) { uvtest.Must(0, c.Close()); uvtest.Must(0, c.Close()) },
		"abort": func(c *server.Conn) { uvtest.Must(0, c.Abort()); uvtest.Must(0, c.Close()) },
		"close and abort": func(c *server.Conn) {
			uvtest.Must(0, c.Close())
			uvtest.Must(0, c.Abort())
			uvtest.Must(0, c.CloseWrite())
		},
	}
	for _, callback := range []string{"open", "data", "written", "drain", "eof", "close", "posted"} {
		for name, end := range ways {
			t.Run(callback+" "+name, kit.PerParking(func(t *testing.T, park uvgo.Option) {
				closeInServer(t, callback, end, park)
			}))
		}
	}
}

// closeInServer ends connections over TCP and unix in a callback.
func closeInServer(t *testing.T, callback string, end func(c *server.Conn), park uvgo.Option) {
	const conns = 6
	uvtest.Watchdog(t, time.Minute)
	type fate struct{ ended, closed bool }
	closes := uvtest.NewCounter(t, "Close", conns)
	ended := uvtest.NewCounterAtLeast(t, callback+" callback that closes", conns)
	in := func(c *server.Conn, here string) {
		f, _ := c.Context().(*fate)
		if f == nil {
			f = new(fate)
			c.SetContext(f)
		}
		if f.closed || f.ended && here != "written" && here != "close" && here != "posted" {
			t.Errorf("%s after the end (closed: %v)", here, f.closed)
		}
		if here == callback {
			ended.Inc()
			f.ended = true
			end(c)
		}
	}
	h := &eofHandler{eof: func(c *server.Conn) { in(c, "eof"); uvtest.Must(0, c.Close()) }}
	h.OnOpen = func(c *server.Conn) { in(c, "open") }
	h.OnDrain = func(c *server.Conn) { in(c, "drain") }
	h.OnData = func(c *server.Conn, p []byte) {
		in(c, "data")
		switch callback {
		case "written":
			for range 3 {
				uvtest.Must(0, c.WriteFunc(func(error) { in(c, "written") }, make([]byte, 4<<20)))
			}
		case "drain":
			if !c.Context().(*fate).ended && c.Buffered() == 0 {
				uvtest.Must(c.Write(make([]byte, 16<<20)))
			}
		case "posted":
			uvtest.Must(0, c.Loop().Post(func() {
				if !c.Context().(*fate).closed {
					in(c, "posted")
				}
			}))
		}
	}
	h.OnClose = func(c *server.Conn, err error) {
		in(c, "close")
		closes.Inc()
		c.Context().(*fate).closed = true
		if _, err := c.Write([]byte("x")); err == nil {
			t.Error("Write in Close succeeds")
		}
	}
	s := &server.Server{Handler: h, Loops: 2, WriteLimit: 1 << 30, Options: []uvgo.Option{park}}
	stop := kit.Serve(s, "tcp://127.0.0.1:0", "unix://"+uvtest.SocketPath(t))
	for i := range conns {
		addr := s.Addrs()[i%2]
		c, err := net.Dial(addr.Network(), addr.String())
		if callback == "open" && errors.Is(err, unix.ECONNRESET) {
			continue // that is what it is to be aborted so early
		}
		uvtest.Check(t, err)
		_, _ = c.Write([]byte("some data"))
		switch callback {
		case "eof", "close":
			_ = c.(interface{ CloseWrite() error }).CloseWrite()
		}
		if callback != "written" && callback != "drain" {
			_, _ = c.Write([]byte("more data")) // fails if the end came first
		}
		_, _ = io.Copy(io.Discard, c)
		c.Close()
	}
	await(func() bool { return s.Stats().Conns == 0 })
	stop()
}
