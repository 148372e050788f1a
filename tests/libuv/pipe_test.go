package libuv

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

func init() {
	suite.Add(kit.Suite{
		"pipe_connect_bad_name":   kit.PerLoop(testPipeConnectBadName),
		"pipe_connect_on_prepare": kit.PerLoop(testPipeConnectOnPrepare),
		"pipe_server_close":       kit.PerLoop(testPipeServerClose),
	})
}

func testPipeConnectBadName(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	p := uvtest.Must(l.NewPipe())
	p.OnClose(order.Note("closed"))
	uvtest.Check(t, p.Connect(filepath.Join(t.TempDir(), "nobody"), func(err error) {
		order.Failed("connect")(err)
		uvtest.IsErr(t, "connect", err, os.ErrNotExist)
		uvtest.CloseAll(t, p)
	}))
	order.Want(t) // the answer comes later, although it is known
	looptest.Run(t, l)
	order.Want(t, "connect ENOENT", "closed")
}

func testPipeConnectOnPrepare(t *testing.T, l *uvgo.Loop) {
	name := filepath.Join(t.TempDir(), "nobody")
	var order kit.Journal
	p, prepare := uvtest.Must(l.NewPipe()), uvtest.Must(l.NewPrepare())
	p.OnClose(order.Note("closed"))
	prepare.OnClose(order.Note("closed"))
	uvtest.Check(t, prepare.Start(func() {
		order.Add("prepare")
		// The same turn brings the answer: it must not wait for anything else.
		uvtest.Check(t, p.Connect(name, func(err error) {
			order.Failed("connect")(err)
			uvtest.CloseAll(t, p, prepare)
		}))
	}))
	looptest.Run(t, l)
	order.Want(t, "prepare", "connect ENOENT", "closed", "closed")
}

func testPipeServerClose(t *testing.T, l *uvgo.Loop) {
	path := uvtest.SocketPath(t)
	s, c := uvtest.Must(l.NewPipe()), uvtest.Must(l.NewPipe())
	connected := uvtest.NewCounter(t, "connect callback", 1)
	closed := uvtest.NewCounter(t, "close callback", 2)
	s.OnClose(closed.Inc)
	c.OnClose(closed.Inc)
	uvtest.Check(t, s.Bind(path))
	// It may be accepted, depending on who comes first, but then once.
	accepted := 0
	uvtest.Check(t, s.Listen(0, func(peer *handles.Pipe, err error) {
		uvtest.Check(t, err)
		accepted++
		uvtest.CloseAll(t, peer)
	}))
	uvtest.Check(t, c.Connect(path, func(err error) {
		uvtest.Check(t, err)
		connected.Inc()
		uvtest.CloseAll(t, c, s)
	}))
	looptest.Run(t, l)
	if accepted > 1 {
		t.Errorf("one connection was accepted %d times", accepted)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the path outlives its listener: %v", err)
	}
}
