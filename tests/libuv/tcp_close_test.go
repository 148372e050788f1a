package libuv

import (
	"fmt"
	"io"
	"strings"
	"testing"

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
		"tcp_close":              kit.PerLoop(testTCPClose),
		"tcp_close_reset_client": kit.PerLoop(testTCPCloseResetClient),
		"tcp_close_reset_accepted_after_shutdown": kit.PerLoop(testTCPCloseResetAfterShutdown),
		"tcp_close_accept":                        kit.PerLoop(testTCPCloseAccept),
	})
}

func testTCPClose(t *testing.T, l *uvgo.Loop) {
	const writes = 32
	var got strings.Builder
	s, addr := kit.TCPListener(t, l, func(c *handles.TCP) {
		uvtest.Check(t, c.ReadStart(func(p []byte, err error) {
			got.Write(p)
			if err != nil {
				uvtest.IsErr(t, "read", err, io.EOF)
				c.Close()
			}
		}))
	})
	s.Unref()
	var order kit.Journal
	kit.TCPConnect(t, l, addr, func(c *handles.TCP) {
		c.OnClose(order.Note("closed"))
		for i := range writes {
			uvtest.Check(t, c.WriteFunc(order.Failed(fmt.Sprint(i)), []byte("PING")))
		}
		uvtest.CloseAll(t, c)
		order.Want(t) // nothing runs inside a call
		for what, err := range map[string]error{
			"write":     c.WriteFunc(order.Failed("late"), []byte("PONG")),
			"shutdown":  c.Shutdown(order.Failed("late")),
			"read":      c.ReadStart(func([]byte, error) { order.Add("late") }),
			"read stop": c.ReadStop(),
		} {
			uvtest.IsErr(t, what+" after Close", err, uv.ErrClosed)
		}
	})
	looptest.Run(t, l)
	var want []string
	for i := range writes {
		want = append(want, fmt.Sprint(i)) // the kernel had room: none is canceled
	}
	order.Want(t, append(want, "closed")...)
	if got.String() != strings.Repeat("PING", writes) {
		t.Errorf("the peer got %q", got.String())
	}
	uvtest.CloseAll(t, s)
}

func testTCPCloseResetClient(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	ln := kit.RawSocket(t) // a plain peer: at a hang-up libuv may say EOF before it sees the reset
	addr := kit.RawBind(t, ln)
	uvtest.Check(t, unix.Listen(ln, 1))
	kit.TCPConnect(t, l, addr, func(c *handles.TCP) {
		c.OnClose(order.Note("closed"))
		uvtest.Check(t, c.ReadStart(func(p []byte, err error) { t.Errorf("read %q, %v", p, err) }))
		for i := range 4 {
			uvtest.Check(t, c.WriteFunc(order.Failed(fmt.Sprint(i)), []byte("PING")))
		}
		uvtest.Check(t, c.CloseReset())
		if !c.Closing() {
			t.Error("not closing after CloseReset")
		}
		uvtest.IsErr(t, "shutdown", c.Shutdown(order.Failed("late")), uv.ErrClosed)
		uvtest.IsErr(t, "again", c.CloseReset(), uv.ErrClosed)
		order.Want(t)
	})
	looptest.Run(t, l)
	order.Want(t, "0", "1", "2", "3", "closed")

	peer, _, err := unix.Accept(ln)
	uvtest.Check(t, err)
	defer unix.Close(peer)
	var got []byte
	buf := make([]byte, 64)
	for err == nil {
		var n int
		if n, err = unix.Read(peer, buf); n == 0 && err == nil {
			t.Fatal("the peer sees an orderly end")
		}
		got = append(got, buf[:max(n, 0)]...)
	}
	uvtest.IsErr(t, "peer", err, unix.ECONNRESET)
	if !strings.HasPrefix(strings.Repeat("PING", 4), string(got)) {
		t.Errorf("the peer got %q", got)
	}
}

func testTCPCloseResetAfterShutdown(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	a, b := looptest.Pair(t, l)
	for i := range 4 {
		uvtest.Check(t, a.WriteFunc(order.Failed(fmt.Sprint("write ", i)), []byte("PING")))
	}
	uvtest.Check(t, a.ReadStart(func(p []byte, err error) {
		uvtest.IsErr(t, "read", err, io.EOF)
		order.Add("end")
		uvtest.CloseAll(t, a)
	}))
	b.OnClose(order.Note("closed"))
	size := 0
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
		if err != nil {
			uvtest.IsErr(t, "peer", err, io.EOF) // not reset: closing normally still works
			uvtest.CloseAll(t, b)
			return
		}
		if size += len(p); size < 16 {
			return
		}
		uvtest.Check(t, b.Shutdown(order.Failed("shutdown")))
		uvtest.IsErr(t, "close reset", b.CloseReset(), uv.EINVAL)
		if b.Closing() {
			t.Error("closing although CloseReset failed")
		}
	}))
	looptest.Run(t, l)
	order.Want(t, "write 0", "write 1", "write 2", "write 3", "shutdown", "end", "closed")
}

func testTCPCloseAccept(t *testing.T, l *uvgo.Loop) {
	// Both connections have a byte that waits. The callback of the one that is
	// read first closes the other and the listener, and makes a socket that gets
	// a descriptor of theirs: what was reported of the old must not reach it.
	var in []*handles.TCP
	s, addr := kit.TCPListener(t, l, func(c *handles.TCP) { in = append(in, c) })
	var out []*handles.TCP
	wrote := uvtest.NewCounter(t, "write callback", 2)
	for range 2 {
		out = append(out, kit.TCPConnect(t, l, addr, func(c *handles.TCP) {
			uvtest.Check(t, c.WriteFunc(func(err error) {
				uvtest.Check(t, err)
				wrote.Inc()
			}, []byte("x")))
		}))
	}
	looptest.Until(t, l, func() bool { return len(in) == 2 && wrote.N() == 2 })
	fds := map[int]bool{uvtest.Must(in[0].FD()): true, uvtest.Must(in[1].FD()): true, uvtest.Must(s.FD()): true}
	looptest.Poll(t, l, func() bool { return unread(t, uvtest.Must(in[0].FD()))+unread(t, uvtest.Must(in[1].FD())) == 2 })

	reads := uvtest.NewCounter(t, "read callback", 1)
	refused := uvtest.NewCounter(t, "connect callback", 1)
	closed := uvtest.NewCounter(t, "close callback", 4)
	for i, c := range in {
		c.OnClose(closed.Inc)
		uvtest.Check(t, c.ReadStart(func(p []byte, err error) {
			reads.Inc()
			uvtest.Check(t, err)
			uvtest.Check(t, c.ReadStop())
			uvtest.CloseAll(t, in[1-i], s)
			next := kit.NewTCP(t, l)
			next.OnClose(closed.Inc)
			uvtest.Check(t, next.Connect(addr, func(err error) {
				refused.Inc()
				uvtest.IsErr(t, "connect", err, uv.ECONNREFUSED)
				uvtest.CloseAll(t, next, c)
			}))
			if !fds[uvtest.Must(next.FD())] {
				t.Error("the new socket has a new descriptor: the test shows nothing")
			}
			uvtest.Check(t, next.ReadStart(func(p []byte, err error) { t.Errorf("the new socket read %q, %v", p, err) }))
		}))
	}
	s.OnClose(closed.Inc)
	looptest.Run(t, l)
	uvtest.CloseAll(t, out[0], out[1])
}
