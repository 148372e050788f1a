package libuv

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"tcp_try_write":       kit.PerLoop(testTCPTryWrite),
		"tcp_try_write_error": kit.PerLoop(testTCPTryWriteError),
	})
}

func testTCPTryWrite(t *testing.T, l *uvgo.Loop) {
	var got strings.Builder
	ended := uvtest.NewCounter(t, "end of the stream", 1)
	s, addr := kit.TCPListener(t, l, func(c *handles.TCP) {
		uvtest.Check(t, c.ReadStart(func(p []byte, err error) {
			got.Write(p)
			if err != nil {
				uvtest.IsErr(t, "read", err, io.EOF)
				ended.Inc()
				c.Close()
			}
		}))
	})
	try := func(c *handles.TCP, text string, want int) {
		t.Helper()
		if n, err := c.TryWrite([]byte(text)); n != want || err != nil {
			t.Errorf("try %q: %d, %v, want %d", text, n, err, want)
		}
	}
	c := kit.NewTCP(t, l)
	_, err := c.TryWrite([]byte("x"))
	uvtest.IsErr(t, "without a socket", err, uv.EBADF)
	uvtest.Check(t, c.Connect(addr, func(err error) {
		uvtest.Check(t, err)
		try(c, "PING", 4)
		try(c, "", 0)
		// What was submitted before leaves before.
		if _, err := c.Write([]byte("1")); err != nil {
			t.Error(err)
		}
		uvtest.Check(t, c.WriteFunc(nil, []byte("2"), []byte("3")))
		try(c, "4", 1)
		if n := c.WriteQueueSize(); n != 0 {
			t.Errorf("%d bytes are queued", n)
		}
		// While anything is queued it takes nothing, lest bytes change places.
		big := strings.Repeat("b", 10<<20)
		uvtest.Check(t, c.WriteFunc(nil, []byte(big)))
		n, err := c.TryWrite([]byte("never"))
		if n != 0 {
			t.Errorf("%d bytes were taken behind queued ones", n)
		}
		uvtest.IsErr(t, "behind queued bytes", err, uv.EAGAIN)
		uvtest.Check(t, c.Shutdown(func(err error) {
			uvtest.Check(t, err)
			uvtest.CloseAll(t, c, s)
		}))
	}))
	n, err := c.TryWrite([]byte("x"))
	if n != 0 {
		t.Errorf("%d bytes were taken while connecting", n)
	}
	uvtest.IsErr(t, "while connecting", err, uv.EAGAIN)
	looptest.Run(t, l)
	if text := got.String(); text != "PING1234"+strings.Repeat("b", 10<<20) {
		t.Errorf("the peer got %d bytes, at first %.20q", len(text), text)
	}
	_, err = c.TryWrite([]byte("x"))
	uvtest.IsErr(t, "after Close", err, uv.ErrClosed)
}

func testTCPTryWriteError(t *testing.T, l *uvgo.Loop) {
	a, b := looptest.Pair(t, l)
	failed := uvtest.NewCounter(t, "failure", 1)
	b.OnClose(func() {
		var err error
		for n := 4; n > 0; {
			if n, err = a.TryWrite([]byte("meow")); n > 0 && err != nil {
				t.Errorf("%d bytes and %v", n, err)
			}
		}
		failed.Inc()
		if !errors.Is(err, uv.EPIPE) && !errors.Is(err, uv.ECONNRESET) {
			t.Errorf("try write to a closed peer: %v", err)
		}
		if n := a.WriteQueueSize(); n != 0 {
			t.Errorf("%d bytes are queued", n)
		}
	})
	uvtest.CloseAll(t, b)
	looptest.Run(t, l)
	uvtest.CloseAll(t, a)
}
