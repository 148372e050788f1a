package tests

import (
	"io"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	libuvTests.add(suite{
		"shutdown_close_tcp":          onEachLoop(testShutdownClose),
		"shutdown_eof":                onEachLoop(testShutdownEOF),
		"shutdown_simultaneous":       onEachLoop(testShutdownSimultaneous),
		"shutdown_twice":              onEachLoop(testShutdownTwice),
		"not_writable_after_shutdown": onEachLoop(testNotWritableAfterShutdown),
	})
}

func testShutdownClose(t *testing.T, l *uvgo.Loop) {
	for _, tt := range []struct {
		name  string
		block bool // more is queued than the kernel takes
		flush bool // C has begun before Close is called
	}{{"at once", false, false}, {"after the submission", false, true}, {"blocked", true, true}} {
		var order journal
		a, b := tcpPair(t, l)
		a.OnClose(order.note("closed"))
		if tt.block {
			check(t, a.WriteFunc(func(err error) { isErr(t, "write", err, uv.ECANCELED) }, make([]byte, 16<<20)))
		}
		ended := uvtest.NewCounter(t, tt.name+": shutdown callback", 1)
		check(t, a.Shutdown(func(err error) {
			ended.Inc()
			if tt.block || err != nil {
				isErr(t, tt.name, err, uv.ECANCELED)
			}
			order.add("shutdown")
		}))
		if tt.flush {
			a.WriteQueueSize()
		}
		if a.Closing() {
			t.Errorf("%s: closing before Close", tt.name)
		}
		closeAll(t, a)
		if !a.Closing() {
			t.Errorf("%s: not closing after Close", tt.name)
		}
		looptest.Run(t, l)
		order.want(t, "shutdown", "closed")
		closeAll(t, b)
	}
}

func testShutdownEOF(t *testing.T, l *uvgo.Loop) {
	var order journal
	s, addr := tcpListener(t, l, func(c *handles.TCP) { tcpEcho(t, c) })
	tcpConnect(t, l, addr, func(c *handles.TCP) {
		c.OnClose(order.note("closed"))
		read := func(p []byte, err error) {
			if err == nil {
				order.add(string(p))
				return
			}
			isErr(t, "read", err, io.EOF)
			order.add("end")
			_, err = l.AfterFunc(10*time.Millisecond, func() {
				order.add("later")
				if c.Closing() {
					t.Error("the end of the stream closes the handle")
				}
				closeAll(t, c, s)
			})
			check(t, err)
		}
		isErr(t, "read without a function", c.ReadStart(nil), uv.EINVAL)
		check(t, c.ReadStart(read))
		isErr(t, "read twice", c.ReadStart(read), uv.EALREADY)
		_, err := c.Write([]byte("Q"))
		check(t, err)
		check(t, c.Shutdown(order.failed("shutdown")))
	})
	looptest.Run(t, l)
	order.want(t, "shutdown", "Q", "end", "later", "closed")
}

func testShutdownSimultaneous(t *testing.T, l *uvgo.Loop) {
	a, b := tcpPair(t, l)
	done := uvtest.NewCounter(t, "shutdown callback", 2)
	ends := uvtest.NewCounter(t, "end of the stream", 2)
	shut := func() {
		for _, h := range []*handles.TCP{a, b} {
			check(t, h.Shutdown(func(err error) {
				check(t, err)
				done.Inc()
			}))
		}
	}
	var got []byte
	check(t, a.ReadStart(func(p []byte, err error) {
		if err != nil {
			isErr(t, "read", err, io.EOF)
			ends.Inc()
			closeAll(t, a)
			return
		}
		if got = append(got, p...); len(got) == 4 {
			shut()
		}
	}))
	check(t, b.ReadStart(func(p []byte, err error) {
		if err != nil {
			isErr(t, "read", err, io.EOF)
			ends.Inc()
			closeAll(t, b)
			return
		}
		_, err = b.Write(p)
		check(t, err)
	}))
	_, err := a.Write([]byte("QQSS"))
	check(t, err)
	looptest.Run(t, l)
	if string(got) != "QQSS" {
		t.Errorf("the echo is %q", got)
	}
}

func testShutdownTwice(t *testing.T, l *uvgo.Loop) {
	var order journal
	a, b := tcpPair(t, l)
	check(t, a.Shutdown(func(err error) {
		order.failed("first")(err)
		isErr(t, "a third one, afterwards", a.Shutdown(order.failed("third")), uv.ENOTCONN)
		closeAll(t, a)
	}))
	isErr(t, "a second one", a.Shutdown(order.failed("second")), uv.ENOTCONN)
	looptest.Run(t, l)
	order.want(t, "first")
	closeAll(t, b)
}

func testNotWritableAfterShutdown(t *testing.T, l *uvgo.Loop) {
	var order journal
	s, addr := tcpListener(t, l, func(c *handles.TCP) { tcpEcho(t, c) })
	tcpConnect(t, l, addr, func(c *handles.TCP) {
		if !c.Writable() {
			t.Error("not writable although connected")
		}
		check(t, c.Shutdown(func(err error) {
			order.failed("shutdown")(err)
			if c.Writable() {
				t.Error("writable after the shutdown's end")
			}
			closeAll(t, c, s)
		}))
		if c.Writable() {
			t.Error("writable after Shutdown")
		}
		if !c.Readable() {
			t.Error("Shutdown ends reading, too")
		}
		_, err := c.Write([]byte("x"))
		isErr(t, "write", err, uv.EPIPE)
		_, err = c.TryWrite([]byte("x"))
		isErr(t, "try write", err, uv.EPIPE)
		isErr(t, "write func", c.WriteFunc(order.failed("write"), []byte("x")), uv.EPIPE)
	})
	looptest.Run(t, l)
	order.want(t, "shutdown")
}
