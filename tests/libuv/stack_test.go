package libuv

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

func init() {
	suite.Add(kit.Suite{"callback_stack": kit.PerLoop(testCallbackStack)})
}

// A stack tells whether a call of the API is under way: then no callback runs.
type stack struct {
	t     *testing.T
	op    string
	order kit.Journal
}

// call makes a call of the API.
func (s *stack) call(op string, fn func() error) {
	s.t.Helper()
	outer := s.op
	s.op = op
	err := fn()
	s.op = outer
	if err != nil {
		s.t.Fatalf("%s: %v", op, err)
	}
}

// callback records that a callback began.
func (s *stack) callback(what string) {
	s.t.Helper()
	if s.op != "" {
		s.t.Errorf("the %s callback ran inside %s", what, s.op)
	}
	s.order.Add(what)
}

func testCallbackStack(t *testing.T, l *uvgo.Loop) {
	s := &stack{t: t}
	message := bytes.Repeat([]byte("stack"), 100<<10) // several chunks
	server, client := uvtest.Must(l.NewTCP()), uvtest.Must(l.NewTCP())
	uvtest.Check(t, server.Bind(looptest.Loopback))
	s.call("Listen", func() error {
		return server.Listen(16, func(c *handles.TCP, err error) {
			s.callback("accept")
			uvtest.Check(t, err)
			s.call("Close", server.Close)
			c.OnClose(func() { s.callback("closed connection") })
			s.call("WriteFunc", func() error {
				return c.WriteFunc(func(err error) {
					uvtest.Check(t, err)
					s.callback("write")
					s.call("Shutdown", func() error {
						return c.Shutdown(func(err error) {
							uvtest.Check(t, err)
							s.callback("shutdown")
							s.call("Close", c.Close)
						})
					})
				}, message)
			})
		})
	})

	// The client stops at each chunk, so that what else the turn brought is
	// held, and starts again later: a delivery inside ReadStart would be
	// tempting.
	received := 0
	var read func(p []byte, err error)
	read = func(p []byte, err error) {
		if errors.Is(err, io.EOF) {
			s.callback("end")
			s.call("Close", client.Close)
			return
		}
		uvtest.Check(t, err)
		if s.op != "" {
			t.Errorf("a chunk came inside %s", s.op)
		}
		received += len(p)
		s.call("ReadStop", client.ReadStop)
		uvtest.Check(t, l.Post(func() { s.call("ReadStart", func() error { return client.ReadStart(read) }) }))
	}
	client.OnClose(func() { s.callback("closed client") })
	addr := uvtest.Must(server.LocalAddr())
	s.call("Connect", func() error {
		return client.Connect(addr, func(err error) {
			s.callback("connect")
			uvtest.Check(t, err)
			s.call("ReadStart", func() error { return client.ReadStart(read) })
		})
	})
	looptest.Run(t, l)
	if received != len(message) {
		t.Errorf("received %d bytes, want %d", received, len(message))
	}
	s.order.WantSet(t, "accept", "closed client", "closed connection", "connect", "end", "shutdown", "write")
	testImmediateCallbacks(t, l, s)
}

// testImmediateCallbacks makes the calls whose callbacks could run at once.
func testImmediateCallbacks(t *testing.T, l *uvgo.Loop, s *stack) {
	timer, idle, prepare, chk := uvtest.Must(l.NewTimer()), uvtest.Must(l.NewIdle()), uvtest.Must(l.NewPrepare()), uvtest.Must(l.NewCheck())
	async := uvtest.Must(l.NewAsync(func() { s.callback("async") }))
	all := func() error {
		return errors.Join(
			timer.Start(-1, 0, func() { s.callback("timer") }),
			idle.Start(func() { s.callback("idle") }),
			prepare.Start(func() { s.callback("prepare") }),
			chk.Start(func() { s.callback("check") }),
			async.Send(),
			l.Post(func() { s.callback("posted") }),
		)
	}
	s.call("a call outside of Run", all)
	looptest.TurnOnce(t, l)
	s.order.WantSet(t, "async", "check", "idle", "posted", "prepare", "timer")
	uvtest.Check(t, idle.Stop())
	uvtest.Check(t, prepare.Stop())
	uvtest.Check(t, chk.Stop())
	uvtest.Check(t, l.Post(func() { s.call("a call inside of a callback", all) }))
	looptest.TurnOnce(t, l)
	s.order.Want(t)
	looptest.TurnOnce(t, l)
	s.order.WantSet(t, "async", "check", "idle", "posted", "prepare", "timer")
	for _, h := range []interface {
		OnClose(func())
		Close() error
	}{timer, idle, prepare, chk, async} {
		h.OnClose(func() { s.callback("closed") })
		s.call("Close", h.Close)
	}
	looptest.Run(t, l)
	s.order.Want(t, "closed", "closed", "closed", "closed", "closed")
}
