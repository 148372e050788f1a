package tests

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
	"github.com/uvgo/uvgo/uv"
)

func init() {
	libuvTests.add(suite{
		"tcp_close":              onEachLoop(testTCPClose),
		"tcp_close_reset_client": onEachLoop(testTCPCloseResetClient),
		"tcp_close_reset_accepted_after_shutdown": onEachLoop(testTCPCloseResetAfterShutdown),
		"tcp_close_accept":                        onEachLoop(testTCPCloseAccept),
	})
}

func testTCPClose(t *testing.T, l *uvgo.Loop) {
	const writes = 32
	var got strings.Builder
	s, addr := tcpListener(t, l, func(c *handles.TCP) {
		check(t, c.ReadStart(func(p []byte, err error) {
			got.Write(p)
			if err != nil {
				isErr(t, "read", err, io.EOF)
				c.Close()
			}
		}))
	})
	s.Unref()
	var order journal
	tcpConnect(t, l, addr, func(c *handles.TCP) {
		c.OnClose(order.note("closed"))
		for i := range writes {
			check(t, c.WriteFunc(order.failed(fmt.Sprint(i)), []byte("PING")))
		}
		closeAll(t, c)
		order.want(t) // nothing runs inside a call
		for what, err := range map[string]error{
			"write":     c.WriteFunc(order.failed("late"), []byte("PONG")),
			"shutdown":  c.Shutdown(order.failed("late")),
			"read":      c.ReadStart(func([]byte, error) { order.add("late") }),
			"read stop": c.ReadStop(),
		} {
			isErr(t, what+" after Close", err, uv.ErrClosed)
		}
	})
	looptest.Run(t, l)
	var want []string
	for i := range writes {
		want = append(want, fmt.Sprint(i)) // the kernel had room: none is canceled
	}
	order.want(t, append(want, "closed")...)
	if got.String() != strings.Repeat("PING", writes) {
		t.Errorf("the peer got %q", got.String())
	}
	closeAll(t, s)
}

func testTCPCloseResetClient(t *testing.T, l *uvgo.Loop) {
	var order journal
	ln := rawSocket(t) // a plain peer: at a hang-up libuv may say EOF before it sees the reset
	addr := rawBind(t, ln)
	check(t, unix.Listen(ln, 1))
	tcpConnect(t, l, addr, func(c *handles.TCP) {
		c.OnClose(order.note("closed"))
		check(t, c.ReadStart(func(p []byte, err error) { t.Errorf("read %q, %v", p, err) }))
		for i := range 4 {
			check(t, c.WriteFunc(order.failed(fmt.Sprint(i)), []byte("PING")))
		}
		check(t, c.CloseReset())
		if !c.Closing() {
			t.Error("not closing after CloseReset")
		}
		isErr(t, "shutdown", c.Shutdown(order.failed("late")), uv.ErrClosed)
		isErr(t, "again", c.CloseReset(), uv.ErrClosed)
		order.want(t)
	})
	looptest.Run(t, l)
	order.want(t, "0", "1", "2", "3", "closed")

	peer, _, err := unix.Accept(ln)
	check(t, err)
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
	isErr(t, "peer", err, unix.ECONNRESET)
	if !strings.HasPrefix(strings.Repeat("PING", 4), string(got)) {
		t.Errorf("the peer got %q", got)
	}
}

func testTCPCloseResetAfterShutdown(t *testing.T, l *uvgo.Loop) {
	var order journal
	a, b := tcpPair(t, l)
	for i := range 4 {
		check(t, a.WriteFunc(order.failed(fmt.Sprint("write ", i)), []byte("PING")))
	}
	check(t, a.ReadStart(func(p []byte, err error) {
		isErr(t, "read", err, io.EOF)
		order.add("end")
		closeAll(t, a)
	}))
	b.OnClose(order.note("closed"))
	size := 0
	check(t, b.ReadStart(func(p []byte, err error) {
		if err != nil {
			isErr(t, "peer", err, io.EOF) // not reset: closing normally still works
			closeAll(t, b)
			return
		}
		if size += len(p); size < 16 {
			return
		}
		check(t, b.Shutdown(order.failed("shutdown")))
		isErr(t, "close reset", b.CloseReset(), uv.EINVAL)
		if b.Closing() {
			t.Error("closing although CloseReset failed")
		}
	}))
	looptest.Run(t, l)
	order.want(t, "write 0", "write 1", "write 2", "write 3", "shutdown", "end", "closed")
}

func testTCPCloseAccept(t *testing.T, l *uvgo.Loop) {
	// Both connections have a byte that waits. The callback of the one that is
	// read first closes the other and the listener, and makes a socket that gets
	// a descriptor of theirs: what was reported of the old must not reach it.
	var in []*handles.TCP
	s, addr := tcpListener(t, l, func(c *handles.TCP) { in = append(in, c) })
	var out []*handles.TCP
	wrote := uvtest.NewCounter(t, "write callback", 2)
	for range 2 {
		out = append(out, tcpConnect(t, l, addr, func(c *handles.TCP) {
			check(t, c.WriteFunc(func(err error) {
				check(t, err)
				wrote.Inc()
			}, []byte("x")))
		}))
	}
	turnUntil(t, l, func() bool { return len(in) == 2 && wrote.N() == 2 })
	fds := map[int]bool{must(in[0].FD()): true, must(in[1].FD()): true, must(s.FD()): true}
	pollUntil(t, l, func() bool { return unread(t, must(in[0].FD()))+unread(t, must(in[1].FD())) == 2 })

	reads := uvtest.NewCounter(t, "read callback", 1)
	refused := uvtest.NewCounter(t, "connect callback", 1)
	closed := uvtest.NewCounter(t, "close callback", 4)
	for i, c := range in {
		c.OnClose(closed.Inc)
		check(t, c.ReadStart(func(p []byte, err error) {
			reads.Inc()
			check(t, err)
			check(t, c.ReadStop())
			closeAll(t, in[1-i], s)
			next := newTCP(t, l)
			next.OnClose(closed.Inc)
			check(t, next.Connect(addr, func(err error) {
				refused.Inc()
				isErr(t, "connect", err, uv.ECONNREFUSED)
				closeAll(t, next, c)
			}))
			if !fds[must(next.FD())] {
				t.Error("the new socket has a new descriptor: the test shows nothing")
			}
			check(t, next.ReadStart(func(p []byte, err error) { t.Errorf("the new socket read %q, %v", p, err) }))
		}))
	}
	s.OnClose(closed.Inc)
	looptest.Run(t, l)
	closeAll(t, out[0], out[1])
}
