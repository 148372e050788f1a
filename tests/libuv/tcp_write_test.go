package libuv

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
		"tcp_write_after_connect":           kit.PerLoop(testTCPWriteAfterConnect),
		"tcp_writealot":                     kit.PerLoop(testTCPWriteALot),
		"tcp_write_fail":                    kit.PerLoop(testTCPWriteFail),
		"tcp_write_in_a_row":                kit.PerLoop(testTCPWriteInARow),
		"tcp_write_queue_order":             kit.PerLoop(testTCPWriteQueueOrder),
		"tcp_connect_error_after_write":     kit.PerLoop(testTCPConnectErrorAfterWrite),
		"tcp_shutdown_after_write":          kit.PerLoop(testTCPShutdownAfterWrite),
		"tcp_write_to_half_open_connection": kit.PerLoop(testTCPWriteToHalfOpenConnection),
	})
}

func testTCPWriteAfterConnect(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	lost := kit.NewTCP(t, l)
	uvtest.Check(t, lost.Connect(uvtest.RefusingTCP(t).AddrPort(), order.Failed("connect")))
	uvtest.Check(t, lost.WriteFunc(order.Failed("write"), []byte("HELLO")))
	looptest.Run(t, l)
	order.Want(t, "connect ECONNREFUSED", "write ECANCELED")

	// What is written while connecting waits, counts as queued, and arrives.
	var got []byte
	s, addr := kit.TCPListener(t, l, func(c *handles.TCP) {
		uvtest.Check(t, c.ReadStart(func(p []byte, err error) {
			got = append(got, p...)
			if err != nil {
				uvtest.IsErr(t, "read", err, io.EOF)
				c.Close()
			}
		}))
	})
	c := kit.NewTCP(t, l)
	uvtest.Check(t, c.Connect(addr, order.Failed("connect")))
	n, err := c.Write([]byte("early, "))
	if n != 7 || err != nil {
		t.Errorf("write while connecting: %d, %v", n, err)
	}
	uvtest.Check(t, c.WriteFunc(order.Failed("write"), []byte("and "), nil, []byte("in order")))
	if n := c.WriteQueueSize(); n != 19 {
		t.Errorf("%d bytes are queued while connecting, want 19", n)
	}
	order.Want(t) // no callback inside a call
	uvtest.Check(t, c.Shutdown(func(err error) {
		order.Failed("shutdown")(err)
		uvtest.CloseAll(t, c, s)
	}))
	looptest.Run(t, l)
	order.Want(t, "connect", "write", "shutdown")
	if string(got) != "early, and in order" {
		t.Errorf("the peer got %q", got)
	}
	uvtest.CloseAll(t, lost)
}

func testTCPWriteALot(t *testing.T, l *uvgo.Loop) {
	const writes, chunks, size = 3, 1500, 2003
	data := uvtest.Pattern(writes*chunks*size, 1)
	s, addr := kit.TCPListener(t, l, func(c *handles.TCP) { kit.TCPEcho(t, c) })
	var order kit.Journal
	var got []byte
	ended := uvtest.NewCounter(t, "end of the echo", 1)
	kit.TCPConnect(t, l, addr, func(c *handles.TCP) {
		for i := range writes {
			var bufs [][]byte
			for j := range chunks {
				at := (i*chunks + j) * size
				bufs = append(bufs, data[at:at+size])
			}
			uvtest.Check(t, c.WriteFunc(order.Failed(fmt.Sprint("write ", i)), bufs...))
		}
		uvtest.Check(t, c.Shutdown(func(err error) {
			order.Failed("shutdown")(err)
			if n := c.WriteQueueSize(); n != 0 {
				t.Errorf("%d bytes are queued after the shutdown", n)
			}
		}))
		uvtest.Check(t, c.ReadStart(func(p []byte, err error) {
			got = append(got, p...)
			if err != nil {
				uvtest.IsErr(t, "read", err, io.EOF)
				ended.Inc()
				uvtest.CloseAll(t, c, s)
			}
		}))
	})
	looptest.Run(t, l)
	order.Want(t, "write 0", "write 1", "write 2", "shutdown")
	if !bytes.Equal(got, data) {
		t.Errorf("the echo of %d bytes has %d and differs", len(data), len(got))
	}
}

func testTCPWriteFail(t *testing.T, l *uvgo.Loop) {
	a, b := looptest.Pair(t, l)
	called := uvtest.NewCounter(t, "callback of a refused write", 0)
	uvtest.IsErr(t, "write without buffers", a.WriteFunc(func(error) { called.Inc() }), uv.EINVAL)

	// The kernel refuses: both ways of writing tell, each in its own way.
	fd, err := a.FD()
	uvtest.Check(t, err)
	uvtest.Check(t, unix.Shutdown(fd, unix.SHUT_WR))
	var order kit.Journal
	uvtest.Check(t, a.WriteFunc(order.Failed("write"), []byte("hello")))
	order.Want(t)
	looptest.TurnNoWait(t, l)
	order.Want(t, "write EPIPE")

	a.OnWritten(func(queued int, err error) { order.Failed("written")(err) })
	if n, err := a.Write([]byte("hello")); n != 5 || err != nil {
		t.Errorf("a write that cannot know yet: %d, %v", n, err)
	}
	looptest.TurnNoWait(t, l)
	order.Want(t, "written EPIPE")
	n, err := a.Write([]byte("hello"))
	if n != 0 {
		t.Errorf("%d bytes were taken after a failure", n)
	}
	uvtest.IsErr(t, "write after a failure", err, uv.EPIPE)
	uvtest.IsErr(t, "write after a failure", a.WriteFunc(func(error) { called.Inc() }, []byte("x")), uv.EPIPE)
	uvtest.CloseAll(t, a, b)
}

func testTCPWriteInARow(t *testing.T, l *uvgo.Loop) {
	a, b := looptest.Pair(t, l)
	big := make([]byte, 10<<20)
	var order kit.Journal
	empty := func(line string) func(error) {
		return func(err error) {
			order.Failed(line)(err)
			if n := a.WriteQueueSize(); n != 0 {
				t.Errorf("%s: %d bytes are still queued", line, n)
			}
			if n := a.Buffered(); n != 0 {
				t.Errorf("%s: %d bytes are still buffered", line, n)
			}
		}
	}
	uvtest.Check(t, a.WriteFunc(empty("big"), big))
	before := a.WriteQueueSize()
	if before <= 0 || before >= len(big) {
		t.Errorf("%d of %d bytes are queued, want some of them", before, len(big))
	}
	uvtest.Check(t, a.WriteFunc(empty("small"), []byte("A")))
	if n := a.WriteQueueSize(); n != before+1 {
		t.Errorf("%d bytes are queued, want %d", n, before+1)
	}
	if n := a.Buffered(); n != before+1 {
		t.Errorf("%d bytes are buffered, want %d", n, before+1)
	}
	for range 50 {
		looptest.TurnNoWait(t, l)
	}
	order.Want(t) // nobody reads
	total := 0
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) { total += len(p) }))
	looptest.Until(t, l, func() bool { return len(order.Lines) == 2 && total == len(big)+1 })
	order.Want(t, "big", "small")
	uvtest.CloseAll(t, a, b)
}

func testTCPWriteQueueOrder(t *testing.T, l *uvgo.Loop) {
	const writes = 10000
	a, b := looptest.Pair(t, l)
	fd, err := a.FD()
	uvtest.Check(t, err)
	uvtest.Check(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 16<<10))
	buf := make([]byte, 1024)
	var calls [writes]int
	last, success, canceled := -1, 0, 0
	closed := uvtest.NewCounter(t, "close callback", 1)
	a.OnClose(func() {
		closed.Inc()
		if success+canceled != writes {
			t.Errorf("closed after %d of %d completions", success+canceled, writes)
		}
	})
	for i := range writes {
		uvtest.Check(t, a.WriteFunc(func(err error) {
			if calls[i]++; calls[i] > 1 {
				t.Errorf("write %d completes for the %d. time", i, calls[i])
			}
			if i != last+1 {
				t.Errorf("write %d completes after write %d", i, last)
			}
			last = i
			switch {
			case err == nil && canceled == 0:
				success++
			case errors.Is(err, uv.ECANCELED):
				canceled++
			default:
				t.Errorf("write %d: %v after %d cancellations", i, err, canceled)
			}
		}, buf))
	}
	for range 100 { // nobody reads: at some point nothing moves any more
		looptest.TurnNoWait(t, l)
	}
	if canceled != 0 {
		t.Errorf("%d writes are canceled before Close", canceled)
	}
	uvtest.Check(t, a.Close())
	looptest.Run(t, l)
	if success == 0 || canceled == 0 || success+canceled != writes {
		t.Errorf("%d writes succeeded, %d were canceled, of %d", success, canceled, writes)
	}
	uvtest.CloseAll(t, b)
}

func testTCPConnectErrorAfterWrite(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	c := kit.NewTCP(t, l)
	c.OnClose(order.Note("closed"))
	uvtest.IsErr(t, "write without a socket", c.WriteFunc(order.Failed("lost"), []byte("TEST")), uv.EBADF)
	_, err := c.Write([]byte("TEST"))
	uvtest.IsErr(t, "write without a socket", err, uv.EBADF)
	uvtest.Check(t, c.Connect(uvtest.RefusingTCP(t).AddrPort(), func(err error) {
		order.Failed("connect")(err)
		c.Close()
	}))
	uvtest.Check(t, c.WriteFunc(order.Failed("write"), []byte("TEST")))
	looptest.Run(t, l)
	order.Want(t, "connect ECONNREFUSED", "write ECANCELED", "closed")
}

func testTCPShutdownAfterWrite(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	a, b := looptest.Pair(t, l)
	var got []byte
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
		if err != nil {
			order.Add(fmt.Sprintf("peer: %q %v", got, err))
			uvtest.CloseAll(t, a, b)
			return
		}
		got = append(got, p...)
	}))
	uvtest.Check(t, a.ReadStart(func(p []byte, err error) { t.Errorf("read %q, %v", p, err) }))
	if _, err := l.AfterFunc(0, func() {
		uvtest.Check(t, a.WriteFunc(order.Failed("write"), []byte("TEST")))
		uvtest.Check(t, a.Shutdown(order.Failed("shutdown")))
	}); err != nil {
		t.Fatal(err)
	}
	looptest.Run(t, l)
	order.Want(t, "write", "shutdown", `peer: "TEST" EOF`)
}

func testTCPWriteToHalfOpenConnection(t *testing.T, l *uvgo.Loop) {
	wrote := uvtest.NewCounter(t, "write callback", 1)
	ended := uvtest.NewCounter(t, "end of reading", 1)
	var s *handles.TCP
	s, addr := kit.TCPListener(t, l, func(peer *handles.TCP) {
		uvtest.Check(t, peer.ReadStart(func(p []byte, err error) {
			if err == nil {
				t.Errorf("read %q", p)
				return
			}
			ended.Inc()
			if err != io.EOF && !errors.Is(err, uv.ECONNRESET) {
				t.Errorf("read: %v", err)
			}
			uvtest.CloseAll(t, peer, s)
		}))
		uvtest.Check(t, peer.WriteFunc(func(err error) {
			uvtest.Check(t, err)
			wrote.Inc()
		}, []byte("hello\n")))
	})
	kit.TCPConnect(t, l, addr, func(c *handles.TCP) { c.Close() })
	looptest.Run(t, l)
}
