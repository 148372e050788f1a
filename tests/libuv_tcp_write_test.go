package tests

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
	"github.com/uvgo/uvgo/uv"
)

func init() {
	libuvTests.add(suite{
		"tcp_write_after_connect":           onEachLoop(testTCPWriteAfterConnect),
		"tcp_writealot":                     onEachLoop(testTCPWriteALot),
		"tcp_write_fail":                    onEachLoop(testTCPWriteFail),
		"tcp_write_in_a_row":                onEachLoop(testTCPWriteInARow),
		"tcp_write_queue_order":             onEachLoop(testTCPWriteQueueOrder),
		"tcp_connect_error_after_write":     onEachLoop(testTCPConnectErrorAfterWrite),
		"tcp_shutdown_after_write":          onEachLoop(testTCPShutdownAfterWrite),
		"tcp_write_to_half_open_connection": onEachLoop(testTCPWriteToHalfOpenConnection),
	})
}

// failed returns a callback that records a line with the error's code.
func (j *journal) failed(line string) func(error) {
	return func(err error) {
		if err == nil {
			j.add(line)
			return
		}
		var e *uv.Error
		if !errors.As(err, &e) {
			j.add(line + " " + err.Error())
			return
		}
		j.add(line + " " + e.Errno.Name())
	}
}

func testTCPWriteAfterConnect(t *testing.T, l *uvgo.Loop) {
	var order journal
	lost := newTCP(t, l)
	check(t, lost.Connect(refusingAddr(t), order.failed("connect")))
	check(t, lost.WriteFunc(order.failed("write"), []byte("HELLO")))
	looptest.Run(t, l)
	order.want(t, "connect ECONNREFUSED", "write ECANCELED")

	// What is written while connecting waits, counts as queued, and arrives.
	var got []byte
	s, addr := tcpListener(t, l, func(c *handles.TCP) {
		check(t, c.ReadStart(func(p []byte, err error) {
			got = append(got, p...)
			if err != nil {
				isErr(t, "read", err, io.EOF)
				c.Close()
			}
		}))
	})
	c := newTCP(t, l)
	check(t, c.Connect(addr, order.failed("connect")))
	n, err := c.Write([]byte("early, "))
	if n != 7 || err != nil {
		t.Errorf("write while connecting: %d, %v", n, err)
	}
	check(t, c.WriteFunc(order.failed("write"), []byte("and "), nil, []byte("in order")))
	if n := c.WriteQueueSize(); n != 19 {
		t.Errorf("%d bytes are queued while connecting, want 19", n)
	}
	order.want(t) // no callback inside a call
	check(t, c.Shutdown(func(err error) {
		order.failed("shutdown")(err)
		closeAll(t, c, s)
	}))
	looptest.Run(t, l)
	order.want(t, "connect", "write", "shutdown")
	if string(got) != "early, and in order" {
		t.Errorf("the peer got %q", got)
	}
	closeAll(t, lost)
}

func testTCPWriteALot(t *testing.T, l *uvgo.Loop) {
	const writes, chunks, size = 3, 1500, 2003
	data := pattern(writes*chunks*size, 1)
	s, addr := tcpListener(t, l, func(c *handles.TCP) { tcpEcho(t, c) })
	var order journal
	var got []byte
	ended := uvtest.NewCounter(t, "end of the echo", 1)
	tcpConnect(t, l, addr, func(c *handles.TCP) {
		for i := range writes {
			var bufs [][]byte
			for j := range chunks {
				at := (i*chunks + j) * size
				bufs = append(bufs, data[at:at+size])
			}
			check(t, c.WriteFunc(order.failed(fmt.Sprint("write ", i)), bufs...))
		}
		check(t, c.Shutdown(func(err error) {
			order.failed("shutdown")(err)
			if n := c.WriteQueueSize(); n != 0 {
				t.Errorf("%d bytes are queued after the shutdown", n)
			}
		}))
		check(t, c.ReadStart(func(p []byte, err error) {
			got = append(got, p...)
			if err != nil {
				isErr(t, "read", err, io.EOF)
				ended.Inc()
				closeAll(t, c, s)
			}
		}))
	})
	looptest.Run(t, l)
	order.want(t, "write 0", "write 1", "write 2", "shutdown")
	if !bytes.Equal(got, data) {
		t.Errorf("the echo of %d bytes has %d and differs", len(data), len(got))
	}
}

func testTCPWriteFail(t *testing.T, l *uvgo.Loop) {
	a, b := tcpPair(t, l)
	called := uvtest.NewCounter(t, "callback of a refused write", 0)
	isErr(t, "write without buffers", a.WriteFunc(func(error) { called.Inc() }), uv.EINVAL)

	// The kernel refuses: both ways of writing tell, each in its own way.
	fd, err := a.FD()
	check(t, err)
	check(t, unix.Shutdown(fd, unix.SHUT_WR))
	var order journal
	check(t, a.WriteFunc(order.failed("write"), []byte("hello")))
	order.want(t)
	turnNoWait(t, l)
	order.want(t, "write EPIPE")

	a.OnWritten(func(queued int, err error) { order.failed("written")(err) })
	if n, err := a.Write([]byte("hello")); n != 5 || err != nil {
		t.Errorf("a write that cannot know yet: %d, %v", n, err)
	}
	turnNoWait(t, l)
	order.want(t, "written EPIPE")
	n, err := a.Write([]byte("hello"))
	if n != 0 {
		t.Errorf("%d bytes were taken after a failure", n)
	}
	isErr(t, "write after a failure", err, uv.EPIPE)
	isErr(t, "write after a failure", a.WriteFunc(func(error) { called.Inc() }, []byte("x")), uv.EPIPE)
	closeAll(t, a, b)
}

func testTCPWriteInARow(t *testing.T, l *uvgo.Loop) {
	a, b := tcpPair(t, l)
	big := make([]byte, 10<<20)
	var order journal
	empty := func(line string) func(error) {
		return func(err error) {
			order.failed(line)(err)
			if n := a.WriteQueueSize(); n != 0 {
				t.Errorf("%s: %d bytes are still queued", line, n)
			}
			if n := a.Buffered(); n != 0 {
				t.Errorf("%s: %d bytes are still buffered", line, n)
			}
		}
	}
	check(t, a.WriteFunc(empty("big"), big))
	before := a.WriteQueueSize()
	if before <= 0 || before >= len(big) {
		t.Errorf("%d of %d bytes are queued, want some of them", before, len(big))
	}
	check(t, a.WriteFunc(empty("small"), []byte("A")))
	if n := a.WriteQueueSize(); n != before+1 {
		t.Errorf("%d bytes are queued, want %d", n, before+1)
	}
	if n := a.Buffered(); n != before+1 {
		t.Errorf("%d bytes are buffered, want %d", n, before+1)
	}
	for range 50 {
		turnNoWait(t, l)
	}
	order.want(t) // nobody reads
	total := 0
	check(t, b.ReadStart(func(p []byte, err error) { total += len(p) }))
	turnUntil(t, l, func() bool { return len(order.lines) == 2 && total == len(big)+1 })
	order.want(t, "big", "small")
	closeAll(t, a, b)
}

func testTCPWriteQueueOrder(t *testing.T, l *uvgo.Loop) {
	const writes = 10000
	a, b := tcpPair(t, l)
	fd, err := a.FD()
	check(t, err)
	check(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 16<<10))
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
		check(t, a.WriteFunc(func(err error) {
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
		turnNoWait(t, l)
	}
	if canceled != 0 {
		t.Errorf("%d writes are canceled before Close", canceled)
	}
	check(t, a.Close())
	looptest.Run(t, l)
	if success == 0 || canceled == 0 || success+canceled != writes {
		t.Errorf("%d writes succeeded, %d were canceled, of %d", success, canceled, writes)
	}
	closeAll(t, b)
}

func testTCPConnectErrorAfterWrite(t *testing.T, l *uvgo.Loop) {
	var order journal
	c := newTCP(t, l)
	c.OnClose(order.note("closed"))
	isErr(t, "write without a socket", c.WriteFunc(order.failed("lost"), []byte("TEST")), uv.EBADF)
	_, err := c.Write([]byte("TEST"))
	isErr(t, "write without a socket", err, uv.EBADF)
	check(t, c.Connect(refusingAddr(t), func(err error) {
		order.failed("connect")(err)
		c.Close()
	}))
	check(t, c.WriteFunc(order.failed("write"), []byte("TEST")))
	looptest.Run(t, l)
	order.want(t, "connect ECONNREFUSED", "write ECANCELED", "closed")
}

func testTCPShutdownAfterWrite(t *testing.T, l *uvgo.Loop) {
	var order journal
	a, b := tcpPair(t, l)
	var got []byte
	check(t, b.ReadStart(func(p []byte, err error) {
		if err != nil {
			order.add(fmt.Sprintf("peer: %q %v", got, err))
			closeAll(t, a, b)
			return
		}
		got = append(got, p...)
	}))
	check(t, a.ReadStart(func(p []byte, err error) { t.Errorf("read %q, %v", p, err) }))
	if _, err := l.AfterFunc(0, func() {
		check(t, a.WriteFunc(order.failed("write"), []byte("TEST")))
		check(t, a.Shutdown(order.failed("shutdown")))
	}); err != nil {
		t.Fatal(err)
	}
	looptest.Run(t, l)
	order.want(t, "write", "shutdown", `peer: "TEST" EOF`)
}

func testTCPWriteToHalfOpenConnection(t *testing.T, l *uvgo.Loop) {
	wrote := uvtest.NewCounter(t, "write callback", 1)
	ended := uvtest.NewCounter(t, "end of reading", 1)
	var s *handles.TCP
	s, addr := tcpListener(t, l, func(peer *handles.TCP) {
		check(t, peer.ReadStart(func(p []byte, err error) {
			if err == nil {
				t.Errorf("read %q", p)
				return
			}
			ended.Inc()
			if err != io.EOF && !errors.Is(err, uv.ECONNRESET) {
				t.Errorf("read: %v", err)
			}
			closeAll(t, peer, s)
		}))
		check(t, peer.WriteFunc(func(err error) {
			check(t, err)
			wrote.Inc()
		}, []byte("hello\n")))
	})
	tcpConnect(t, l, addr, func(c *handles.TCP) { c.Close() })
	looptest.Run(t, l)
}
