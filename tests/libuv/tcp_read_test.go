package libuv

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
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"tcp_alloc_cb_fail":   kit.PerLoop(testTCPAllocFails),
		"tcp_ping_pong":       kit.PerLoop(testTCPPingPong),
		"tcp_unexpected_read": kit.PerLoop(testTCPUnexpectedRead),
		"tcp_read_stop":       kit.PerLoop(testTCPReadStop),
		"tcp_read_stop_start": kit.PerLoop(testTCPReadStopStart),
		"tcp_rst":             kit.PerLoop(testTCPReset),
		"not_readable_nor_writable_on_read_error": kit.PerLoop(testTCPReadError),
		"readable_on_eof":                         kit.PerLoop(testTCPReadableOnEOF),
	})
}

func testTCPAllocFails(t *testing.T, l *uvgo.Loop) {
	a, b := looptest.Pair(t, l)
	refused := uvtest.NewCounter(t, "read callback without memory", 1)
	var got []byte
	core.Of(l).Ring().FailArena(true)
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
		refused.Inc()
		uvtest.IsErr(t, "read", err, uv.ENOBUFS)
		if len(p) != 0 {
			t.Errorf("read %q without memory", p)
		}
		uvtest.IsErr(t, "stop after the failure", b.ReadStop(), nil) // it has stopped: nothing to do
	}))
	_, err := a.Write([]byte("HELLO!"))
	uvtest.Check(t, err)
	looptest.Until(t, l, func() bool { return refused.N() > 0 })
	idleTurns(t, l, 10*time.Millisecond) // what cannot be read does not keep the loop busy
	if !b.Readable() || !b.Writable() {
		t.Error("a want of memory makes the stream unusable")
	}

	core.Of(l).Ring().FailArena(false)
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
		uvtest.Check(t, err)
		got = append(got, p...)
		uvtest.CloseAll(t, a, b)
	}))
	looptest.Run(t, l)
	if string(got) != "HELLO!" {
		t.Errorf("read %q afterwards", got)
	}
}

func testTCPPingPong(t *testing.T, l *uvgo.Loop) {
	const rounds = 1000
	s, addr := kit.TCPListener(t, l, func(c *handles.TCP) { kit.TCPEcho(t, c) })
	pongs := uvtest.NewCounter(t, "pong", rounds)
	ended := uvtest.NewCounter(t, "end of the echo", 1)
	kit.TCPConnect(t, l, addr, func(c *handles.TCP) {
		var pong []byte
		ping := func() {
			_, err := c.Write(binary.BigEndian.AppendUint64([]byte("PING"), uint64(pongs.N())))
			uvtest.Check(t, err)
		}
		uvtest.Check(t, c.ReadStart(func(p []byte, err error) {
			if err != nil {
				uvtest.IsErr(t, "read", err, io.EOF)
				ended.Inc()
				uvtest.CloseAll(t, c, s)
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
			uvtest.Check(t, c.Shutdown(nil))
		}))
		ping()
	})
	looptest.Run(t, l)
}

func testTCPUnexpectedRead(t *testing.T, l *uvgo.Loop) {
	a, b := looptest.Pair(t, l)
	fd, err := a.FD()
	uvtest.Check(t, err)
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) { t.Errorf("peer read %q, %v", p, err) }))

	// Never started, and stopped: neither makes data a reason to turn.
	for range 2 {
		_, err := b.Write([]byte("PING"))
		uvtest.Check(t, err)
		looptest.Poll(t, l, func() bool { return unread(t, fd) > 0 })
		idleTurns(t, l, 20*time.Millisecond)
		uvtest.Check(t, a.ReadStart(func(p []byte, err error) { uvtest.Check(t, a.ReadStop()) }))
		looptest.Until(t, l, func() bool { return unread(t, fd) == 0 })
	}
	uvtest.CloseAll(t, a, b)
}

// unread returns how many bytes a socket has to be read.
func unread(t testing.TB, fd int) int {
	t.Helper()
	n, err := unix.IoctlGetInt(fd, unix.TIOCINQ)
	uvtest.Check(t, err)
	return n
}

func testTCPReadStop(t *testing.T, l *uvgo.Loop) {
	// The peer is silent until the very callback that stops reading.
	a, b := looptest.Pair(t, l)
	kit.TCPEcho(t, b)
	wrote := uvtest.NewCounter(t, "write callback", 1)
	uvtest.Check(t, a.ReadStart(func(p []byte, err error) { t.Errorf("read %q, %v", p, err) }))
	_, err := l.AfterFunc(0, func() {
		uvtest.Check(t, a.WriteFunc(func(err error) {
			uvtest.Check(t, err)
			wrote.Inc()
			uvtest.CloseAll(t, a)
		}, []byte("PING")))
		uvtest.Check(t, a.ReadStop())
	})
	uvtest.Check(t, err)
	looptest.Run(t, l)

	// Two streams become readable in one turn; the callback that comes first
	// stops the other, whose event waits already.
	a, b = looptest.Pair(t, l)
	c, d := looptest.Pair(t, l)
	reads := uvtest.NewCounter(t, "read callback", 1)
	bfd, dfd := uvtest.Must(b.FD()), uvtest.Must(d.FD())
	stopping := func(other *handles.TCP) func(p []byte, err error) {
		return func(p []byte, err error) {
			reads.Inc()
			uvtest.Check(t, other.ReadStop())
		}
	}
	for _, h := range []*handles.TCP{a, c} {
		_, err := h.Write([]byte("x"))
		uvtest.Check(t, err)
	}
	looptest.Poll(t, l, func() bool { return unread(t, bfd) == 1 && unread(t, dfd) == 1 })
	uvtest.Check(t, b.ReadStart(stopping(d)))
	uvtest.Check(t, d.ReadStart(stopping(b)))
	for range 10 {
		looptest.TurnNoWait(t, l)
	}
	if unread(t, bfd)+unread(t, dfd) != 0 {
		t.Error("the streams were not read in one turn: the test shows nothing")
	}
	uvtest.CloseAll(t, a, b, c, d)
}

func testTCPReadStopStart(t *testing.T, l *uvgo.Loop) {
	// Several chunks of one turn; the callback of the first puts another in its
	// place, which gets all that follows.
	data := uvtest.Pattern(300<<10, 2)
	a, b := looptest.Pair(t, l)
	fd := uvtest.Must(b.FD())
	uvtest.Check(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1<<20))
	uvtest.Check(t, a.WriteFunc(nil, data))
	uvtest.Check(t, a.Shutdown(nil))
	looptest.Poll(t, l, func() bool { return unread(t, fd) > 64<<10 }) // more than one chunk
	first := uvtest.NewCounter(t, "first read callback", 1)
	ended := uvtest.NewCounter(t, "end of reading", 1)
	var got []byte
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
		first.Inc()
		uvtest.Check(t, err)
		got = append(got, p...)
		uvtest.Check(t, b.ReadStop())
		uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
			got = append(got, p...)
			if err != nil {
				uvtest.IsErr(t, "second callback", err, io.EOF)
				ended.Inc()
				uvtest.CloseAll(t, a, b)
			}
		}))
		uvtest.IsErr(t, "start twice", b.ReadStart(func([]byte, error) {}), uv.EALREADY)
		if !bytes.Equal(got, data[:len(p)]) {
			t.Error("the second callback ran inside the first")
		}
	}))
	looptest.Run(t, l)
	if !bytes.Equal(got, data) {
		t.Errorf("%d of %d bytes arrived, or in another order", len(got), len(data))
	}

	// The same on a connection that the peer has left.
	a, b = looptest.Pair(t, l)
	first = uvtest.NewCounter(t, "first read callback", 1)
	ended = uvtest.NewCounter(t, "end of reading", 1)
	uvtest.Check(t, a.WriteFunc(func(err error) {
		uvtest.Check(t, err)
		uvtest.CloseAll(t, a)
	}, []byte("12345678")))
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
		first.Inc()
		uvtest.Check(t, err)
		uvtest.Check(t, b.WriteFunc(nil, []byte("12345678")))
		uvtest.Check(t, b.ReadStop())
		uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
			ended.Inc()
			if err == nil {
				t.Errorf("read %q", p)
			}
			uvtest.CloseAll(t, b)
		}))
	}))
	looptest.Run(t, l)
}

func testTCPReset(t *testing.T, l *uvgo.Loop) {
	a, b := looptest.Pair(t, l)
	reads := uvtest.NewCounter(t, "read callback", 1)
	closed := uvtest.NewCounter(t, "close callback", 1)
	a.OnClose(closed.Inc)
	uvtest.Check(t, a.ReadStart(func(p []byte, err error) {
		reads.Inc()
		uvtest.IsErr(t, "read", err, uv.ECONNRESET)
		fd, err := a.FD()
		uvtest.Check(t, err)
		if typ := uvtest.Must(unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)); typ != unix.SOCK_STREAM {
			t.Errorf("the descriptor is of type %d after the reset", typ)
		}
		uvtest.CloseAll(t, a)
	}))
	uvtest.Check(t, b.CloseReset())
	looptest.Run(t, l)
}

func testTCPReadError(t *testing.T, l *uvgo.Loop) {
	a, b := looptest.Pair(t, l)
	wrote := uvtest.NewCounter(t, "write callback", 1)
	reads := uvtest.NewCounter(t, "read callback", 1)
	closed := uvtest.NewCounter(t, "close callback", 1)
	a.OnClose(closed.Inc)
	if !a.Readable() || !a.Writable() {
		t.Error("a connection is not readable and writable")
	}
	uvtest.Check(t, a.ReadStart(func(p []byte, err error) {
		reads.Inc()
		uvtest.IsErr(t, "read", err, uv.ECONNRESET)
		if a.Readable() || a.Writable() {
			t.Errorf("after the error: readable %v, writable %v", a.Readable(), a.Writable())
		}
		uvtest.IsErr(t, "reading on", a.ReadStart(func([]byte, error) {}), uv.ENOTCONN)
		_, err = a.Write([]byte("x"))
		uvtest.IsErr(t, "writing on", err, uv.EPIPE)
		uvtest.IsErr(t, "shutdown", a.Shutdown(nil), uv.ENOTCONN)
		uvtest.CloseAll(t, a)
	}))
	uvtest.Check(t, a.WriteFunc(func(err error) {
		uvtest.Check(t, err)
		wrote.Inc()
		uvtest.Check(t, b.CloseReset()) // on receipt, or before: data is unread
	}, []byte("reset me")))
	looptest.Run(t, l)
}

func testTCPReadableOnEOF(t *testing.T, l *uvgo.Loop) {
	a, b := looptest.Pair(t, l)
	ends := uvtest.NewCounter(t, "end of the stream", 3)
	closed := uvtest.NewCounter(t, "close callback", 1)
	a.OnClose(closed.Inc)
	var read func(p []byte, err error)
	read = func(p []byte, err error) {
		ends.Inc()
		uvtest.IsErr(t, "read", err, io.EOF)
		if !a.Readable() || !a.Writable() {
			t.Errorf("at the end: readable %v, writable %v", a.Readable(), a.Writable())
		}
		if ends.N() < 3 {
			uvtest.Check(t, a.ReadStart(read))
			return
		}
		uvtest.CloseAll(t, a, b)
		if a.Readable() || a.Writable() {
			t.Error("readable or writable after Close")
		}
	}
	uvtest.Check(t, a.ReadStart(read))
	uvtest.Check(t, b.Shutdown(nil))
	looptest.Run(t, l)
}
