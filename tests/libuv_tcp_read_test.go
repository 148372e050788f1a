package tests

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	libuvTests.add(suite{
		"tcp_alloc_cb_fail":   onEachLoop(testTCPAllocFails),
		"tcp_ping_pong":       onEachLoop(testTCPPingPong),
		"tcp_unexpected_read": onEachLoop(testTCPUnexpectedRead),
		"tcp_read_stop":       onEachLoop(testTCPReadStop),
		"tcp_read_stop_start": onEachLoop(testTCPReadStopStart),
		"tcp_rst":             onEachLoop(testTCPReset),
		"not_readable_nor_writable_on_read_error": onEachLoop(testTCPReadError),
		"readable_on_eof":                         onEachLoop(testTCPReadableOnEOF),
	})
}

func testTCPAllocFails(t *testing.T, l *uvgo.Loop) {
	a, b := tcpPair(t, l)
	refused := uvtest.NewCounter(t, "read callback without memory", 1)
	var got []byte
	core.Of(l).Ring().FailArena(true)
	check(t, b.ReadStart(func(p []byte, err error) {
		refused.Inc()
		isErr(t, "read", err, uv.ENOBUFS)
		if len(p) != 0 {
			t.Errorf("read %q without memory", p)
		}
		isErr(t, "stop after the failure", b.ReadStop(), nil) // it has stopped: nothing to do
	}))
	_, err := a.Write([]byte("HELLO!"))
	check(t, err)
	turnUntil(t, l, func() bool { return refused.N() > 0 })
	idleTurns(t, l, 10*time.Millisecond) // what cannot be read does not keep the loop busy
	if !b.Readable() || !b.Writable() {
		t.Error("a want of memory makes the stream unusable")
	}

	core.Of(l).Ring().FailArena(false)
	check(t, b.ReadStart(func(p []byte, err error) {
		check(t, err)
		got = append(got, p...)
		closeAll(t, a, b)
	}))
	looptest.Run(t, l)
	if string(got) != "HELLO!" {
		t.Errorf("read %q afterwards", got)
	}
}

func testTCPPingPong(t *testing.T, l *uvgo.Loop) {
	const rounds = 1000
	s, addr := tcpListener(t, l, func(c *handles.TCP) { tcpEcho(t, c) })
	pongs := uvtest.NewCounter(t, "pong", rounds)
	ended := uvtest.NewCounter(t, "end of the echo", 1)
	tcpConnect(t, l, addr, func(c *handles.TCP) {
		var pong []byte
		ping := func() {
			_, err := c.Write(binary.BigEndian.AppendUint64([]byte("PING"), uint64(pongs.N())))
			check(t, err)
		}
		check(t, c.ReadStart(func(p []byte, err error) {
			if err != nil {
				isErr(t, "read", err, io.EOF)
				ended.Inc()
				closeAll(t, c, s)
				return
			}
			if pong = append(pong, p...); len(pong) < 12 {
				return
			}
			if want := binary.BigEndian.AppendUint64([]byte("PING"), uint64(pongs.N())); !bytes.Equal(pong, want) {
				t.Fatalf("pong %d is %q", pongs.N(), pong)
			}
			pong = pong[:0]
			if pongs.Inc(); pongs.N() < rounds {
				ping()
				return
			}
			check(t, c.Shutdown(nil))
		}))
		ping()
	})
	looptest.Run(t, l)
}

func testTCPUnexpectedRead(t *testing.T, l *uvgo.Loop) {
	a, b := tcpPair(t, l)
	fd, err := a.FD()
	check(t, err)
	check(t, b.ReadStart(func(p []byte, err error) { t.Errorf("peer read %q, %v", p, err) }))

	// Never started, and stopped: neither makes data a reason to turn.
	for range 2 {
		_, err := b.Write([]byte("PING"))
		check(t, err)
		pollUntil(t, l, func() bool { return unread(t, fd) > 0 })
		idleTurns(t, l, 20*time.Millisecond)
		check(t, a.ReadStart(func(p []byte, err error) { check(t, a.ReadStop()) }))
		turnUntil(t, l, func() bool { return unread(t, fd) == 0 })
	}
	closeAll(t, a, b)
}

// unread returns how many bytes a socket has to be read.
func unread(t testing.TB, fd int) int {
	t.Helper()
	n, err := unix.IoctlGetInt(fd, unix.TIOCINQ)
	check(t, err)
	return n
}

func testTCPReadStop(t *testing.T, l *uvgo.Loop) {
	// The peer is silent until the very callback that stops reading.
	a, b := tcpPair(t, l)
	tcpEcho(t, b)
	wrote := uvtest.NewCounter(t, "write callback", 1)
	check(t, a.ReadStart(func(p []byte, err error) { t.Errorf("read %q, %v", p, err) }))
	_, err := l.AfterFunc(0, func() {
		check(t, a.WriteFunc(func(err error) {
			check(t, err)
			wrote.Inc()
			closeAll(t, a)
		}, []byte("PING")))
		check(t, a.ReadStop())
	})
	check(t, err)
	looptest.Run(t, l)

	// Two streams become readable in one turn; the callback that comes first
	// stops the other, whose event waits already.
	a, b = tcpPair(t, l)
	c, d := tcpPair(t, l)
	reads := uvtest.NewCounter(t, "read callback", 1)
	bfd, dfd := must(b.FD()), must(d.FD())
	stopping := func(other *handles.TCP) func(p []byte, err error) {
		return func(p []byte, err error) {
			reads.Inc()
			check(t, other.ReadStop())
		}
	}
	for _, h := range []*handles.TCP{a, c} {
		_, err := h.Write([]byte("x"))
		check(t, err)
	}
	pollUntil(t, l, func() bool { return unread(t, bfd) == 1 && unread(t, dfd) == 1 })
	check(t, b.ReadStart(stopping(d)))
	check(t, d.ReadStart(stopping(b)))
	for range 10 {
		turnNoWait(t, l)
	}
	if unread(t, bfd)+unread(t, dfd) != 0 {
		t.Error("the streams were not read in one turn: the test shows nothing")
	}
	closeAll(t, a, b, c, d)
}

func testTCPReadStopStart(t *testing.T, l *uvgo.Loop) {
	// Several chunks of one turn; the callback of the first puts another in its
	// place, which gets all that follows.
	data := pattern(300<<10, 2)
	a, b := tcpPair(t, l)
	fd := must(b.FD())
	check(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1<<20))
	check(t, a.WriteFunc(nil, data))
	check(t, a.Shutdown(nil))
	pollUntil(t, l, func() bool { return unread(t, fd) > 64<<10 }) // more than one chunk
	first := uvtest.NewCounter(t, "first read callback", 1)
	ended := uvtest.NewCounter(t, "end of reading", 1)
	var got []byte
	check(t, b.ReadStart(func(p []byte, err error) {
		first.Inc()
		check(t, err)
		got = append(got, p...)
		check(t, b.ReadStop())
		check(t, b.ReadStart(func(p []byte, err error) {
			got = append(got, p...)
			if err != nil {
				isErr(t, "second callback", err, io.EOF)
				ended.Inc()
				closeAll(t, a, b)
			}
		}))
		isErr(t, "start twice", b.ReadStart(func([]byte, error) {}), uv.EALREADY)
		if !bytes.Equal(got, data[:len(p)]) {
			t.Error("the second callback ran inside the first")
		}
	}))
	looptest.Run(t, l)
	if !bytes.Equal(got, data) {
		t.Errorf("%d of %d bytes arrived, or in another order", len(got), len(data))
	}

	// The same on a connection that the peer has left.
	a, b = tcpPair(t, l)
	first = uvtest.NewCounter(t, "first read callback", 1)
	ended = uvtest.NewCounter(t, "end of reading", 1)
	check(t, a.WriteFunc(func(err error) {
		check(t, err)
		closeAll(t, a)
	}, []byte("12345678")))
	check(t, b.ReadStart(func(p []byte, err error) {
		first.Inc()
		check(t, err)
		check(t, b.WriteFunc(nil, []byte("12345678")))
		check(t, b.ReadStop())
		check(t, b.ReadStart(func(p []byte, err error) {
			ended.Inc()
			if err == nil {
				t.Errorf("read %q", p)
			}
			closeAll(t, b)
		}))
	}))
	looptest.Run(t, l)
}

func testTCPReset(t *testing.T, l *uvgo.Loop) {
	a, b := tcpPair(t, l)
	reads := uvtest.NewCounter(t, "read callback", 1)
	closed := uvtest.NewCounter(t, "close callback", 1)
	a.OnClose(closed.Inc)
	check(t, a.ReadStart(func(p []byte, err error) {
		reads.Inc()
		isErr(t, "read", err, uv.ECONNRESET)
		fd, err := a.FD()
		check(t, err)
		if typ := must(unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)); typ != unix.SOCK_STREAM {
			t.Errorf("the descriptor is of type %d after the reset", typ)
		}
		closeAll(t, a)
	}))
	check(t, b.CloseReset())
	looptest.Run(t, l)
}

func testTCPReadError(t *testing.T, l *uvgo.Loop) {
	a, b := tcpPair(t, l)
	wrote := uvtest.NewCounter(t, "write callback", 1)
	reads := uvtest.NewCounter(t, "read callback", 1)
	closed := uvtest.NewCounter(t, "close callback", 1)
	a.OnClose(closed.Inc)
	if !a.Readable() || !a.Writable() {
		t.Error("a connection is not readable and writable")
	}
	check(t, a.ReadStart(func(p []byte, err error) {
		reads.Inc()
		isErr(t, "read", err, uv.ECONNRESET)
		if a.Readable() || a.Writable() {
			t.Errorf("after the error: readable %v, writable %v", a.Readable(), a.Writable())
		}
		isErr(t, "reading on", a.ReadStart(func([]byte, error) {}), uv.ENOTCONN)
		_, err = a.Write([]byte("x"))
		isErr(t, "writing on", err, uv.EPIPE)
		isErr(t, "shutdown", a.Shutdown(nil), uv.ENOTCONN)
		closeAll(t, a)
	}))
	check(t, a.WriteFunc(func(err error) {
		check(t, err)
		wrote.Inc()
		check(t, b.CloseReset()) // on receipt, or before: data is unread
	}, []byte("reset me")))
	looptest.Run(t, l)
}

func testTCPReadableOnEOF(t *testing.T, l *uvgo.Loop) {
	a, b := tcpPair(t, l)
	ends := uvtest.NewCounter(t, "end of the stream", 3)
	closed := uvtest.NewCounter(t, "close callback", 1)
	a.OnClose(closed.Inc)
	var read func(p []byte, err error)
	read = func(p []byte, err error) {
		ends.Inc()
		isErr(t, "read", err, io.EOF)
		if !a.Readable() || !a.Writable() {
			t.Errorf("at the end: readable %v, writable %v", a.Readable(), a.Writable())
		}
		if ends.N() < 3 {
			check(t, a.ReadStart(read))
			return
		}
		closeAll(t, a, b)
		if a.Readable() || a.Writable() {
			t.Error("readable or writable after Close")
		}
	}
	check(t, a.ReadStart(read))
	check(t, b.Shutdown(nil))
	looptest.Run(t, l)
}
