package libuv

import (
	"io"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"shutdown_close_tcp":          kit.PerLoop(testShutdownClose),
		"shutdown_eof":                kit.PerLoop(testShutdownEOF),
		"shutdown_simultaneous":       kit.PerLoop(testShutdownSimultaneous),
		"shutdown_twice":              kit.PerLoop(testShutdownTwice),
		"not_writable_after_shutdown": kit.PerLoop(testNotWritableAfterShutdown),
	})
}

func testShutdownClose(t *testing.T, l *uvgo.Loop) {
	for _, tt := range []struct {
		name  string
		block bool // more is queued than the kernel takes
		flush bool // C has begun before Close is called
	}{{"at once", false, false}, {"after the submission", false, true}, {"blocked", true, true}} {
		var order kit.Journal
		a, b := looptest.Pair(t, l)
		a.OnClose(order.Note("closed"))
		if tt.block {
			uvtest.Check(t, a.WriteFunc(func(err error) { uvtest.IsErr(t, "write", err, uv.ECANCELED) }, make([]byte, 16<<20)))
		}
		ended := uvtest.NewCounter(t, tt.name+": shutdown callback", 1)
		uvtest.Check(t, a.Shutdown(func(err error) {
			ended.Inc()
			if tt.block || err != nil {
				uvtest.IsErr(t, tt.name, err, uv.ECANCELED)
			}
			order.Add("shutdown")
		}))
		if tt.flush {
			a.WriteQueueSize()
		}
		if a.Closing() {
			t.Errorf("%s: closing before Close", tt.name)
		}
		uvtest.CloseAll(t, a)
		if !a.Closing() {
			t.Errorf("%s: not closing after Close", tt.name)
		}
		looptest.Run(t, l)
		order.Want(t, "shutdown", "closed")
		uvtest.CloseAll(t, b)
	}
}

func testShutdownEOF(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	s, addr := kit.TCPListener(t, l, func(c *handles.TCP) { kit.TCPEcho(t, c) })
	kit.TCPConnect(t, l, addr, func(c *handles.TCP) {
		c.OnClose(order.Note("closed"))
		read := func(p []byte, err error) {
			if err == nil {
				order.Add(string(p))
				return
			}
			uvtest.IsErr(t, "read", err, io.EOF)
			order.Add("end")
			_, err = l.AfterFunc(10*time.Millisecond, func() {
				order.Add("later")
				if c.Closing() {
					t.Error("the end of the stream closes the handle")
				}
				uvtest.CloseAll(t, c, s)
			})
			uvtest.Check(t, err)
		}
		uvtest.IsErr(t, "read without a function", c.ReadStart(nil), uv.EINVAL)
		uvtest.Check(t, c.ReadStart(read))
		uvtest.IsErr(t, "read twice", c.ReadStart(read), uv.EALREADY)
		_, err := c.Write([]byte("Q"))
		uvtest.Check(t, err)
		uvtest.Check(t, c.Shutdown(order.Failed("shutdown")))
	})
	looptest.Run(t, l)
	order.Want(t, "shutdown", "Q", "end", "later", "closed")
}

func testShutdownSimultaneous(t *testing.T, l *uvgo.Loop) {
	a, b := looptest.Pair(t, l)
	done := uvtest.NewCounter(t, "shutdown callback", 2)
	ends := uvtest.NewCounter(t, "end of the stream", 2)
	shut := func() {
		for _, h := range []*handles.TCP{a, b} {
			uvtest.Check(t, h.Shutdown(func(err error) {
				uvtest.Check(t, err)
				done.Inc()
			}))
		}
	}
	var got []byte
	uvtest.Check(t, a.ReadStart(func(p []byte, err error) {
		if err != nil {
			uvtest.IsErr(t, "read", err, io.EOF)
			ends.Inc()
			uvtest.CloseAll(t, a)
			return
		}
		if got = append(got, p...); len(got) == 4 {
			shut()
		}
	}))
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
		if err != nil {
			uvtest.IsErr(t, "read", err, io.EOF)
			ends.Inc()
			uvtest.CloseAll(t, b)
			return
		}
		_, err = b.Write(p)
		uvtest.Check(t, err)
	}))
	_, err := a.Write([]byte("QQSS"))
	uvtest.Check(t, err)
	looptest.Run(t, l)
	if string(got) != "QQSS" {
		t.Errorf("the echo is %q", got)
	}
}

func testShutdownTwice(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	a, b := looptest.Pair(t, l)
	uvtest.Check(t, a.Shutdown(func(err error) {
		order.Failed("first")(err)
		uvtest.IsErr(t, "a third one, afterwards", a.Shutdown(order.Failed("third")), uv.ENOTCONN)
		uvtest.CloseAll(t, a)
	}))
	uvtest.IsErr(t, "a second one", a.Shutdown(order.Failed("second")), uv.ENOTCONN)
	looptest.Run(t, l)
	order.Want(t, "first")
	uvtest.CloseAll(t, b)
}

func testNotWritableAfterShutdown(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	s, addr := kit.TCPListener(t, l, func(c *handles.TCP) { kit.TCPEcho(t, c) })
	kit.TCPConnect(t, l, addr, func(c *handles.TCP) {
		if !c.Writable() {
			t.Error("not writable although connected")
		}
		uvtest.Check(t, c.Shutdown(func(err error) {
			order.Failed("shutdown")(err)
			if c.Writable() {
				t.Error("writable after the shutdown's end")
			}
			uvtest.CloseAll(t, c, s)
		}))
		if c.Writable() {
			t.Error("writable after Shutdown")
		}
		if !c.Readable() {
			t.Error("Shutdown ends reading, too")
		}
		_, err := c.Write([]byte("x"))
		uvtest.IsErr(t, "write", err, uv.EPIPE)
		_, err = c.TryWrite([]byte("x"))
		uvtest.IsErr(t, "try write", err, uv.EPIPE)
		uvtest.IsErr(t, "write func", c.WriteFunc(order.Failed("write"), []byte("x")), uv.EPIPE)
	})
	looptest.Run(t, l)
	order.Want(t, "shutdown")
}
