package tests

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() {
	libuvTests.add(suite{
		"pipe_connect_bad_name":   onEachLoop(testPipeConnectBadName),
		"pipe_connect_on_prepare": onEachLoop(testPipeConnectOnPrepare),
		"pipe_server_close":       onEachLoop(testPipeServerClose),
	})
}

func testPipeConnectBadName(t *testing.T, l *uvgo.Loop) {
	var order journal
	p := must(l.NewPipe())
	p.OnClose(order.note("closed"))
	check(t, p.Connect(filepath.Join(t.TempDir(), "nobody"), func(err error) {
		order.failed("connect")(err)
		isErr(t, "connect", err, os.ErrNotExist)
		closeAll(t, p)
	}))
	order.want(t) // the answer comes later, although it is known
	looptest.Run(t, l)
	order.want(t, "connect ENOENT", "closed")
}

func testPipeConnectOnPrepare(t *testing.T, l *uvgo.Loop) {
	name := filepath.Join(t.TempDir(), "nobody")
	var order journal
	p, prepare := must(l.NewPipe()), must(l.NewPrepare())
	p.OnClose(order.note("closed"))
	prepare.OnClose(order.note("closed"))
	check(t, prepare.Start(func() {
		order.add("prepare")
		// The same turn brings the answer: it must not wait for anything else.
		check(t, p.Connect(name, func(err error) {
			order.failed("connect")(err)
			closeAll(t, p, prepare)
		}))
	}))
	looptest.Run(t, l)
	order.want(t, "prepare", "connect ENOENT", "closed", "closed")
}

func testPipeServerClose(t *testing.T, l *uvgo.Loop) {
	path := uvtest.SocketPath(t)
	s, c := must(l.NewPipe()), must(l.NewPipe())
	connected := uvtest.NewCounter(t, "connect callback", 1)
	closed := uvtest.NewCounter(t, "close callback", 2)
	s.OnClose(closed.Inc)
	c.OnClose(closed.Inc)
	check(t, s.Bind(path))
	// It may be accepted, depending on who comes first, but then once.
	accepted := 0
	check(t, s.Listen(0, func(peer *handles.Pipe, err error) {
		check(t, err)
		accepted++
		closeAll(t, peer)
	}))
	check(t, c.Connect(path, func(err error) {
		check(t, err)
		connected.Inc()
		closeAll(t, c, s)
	}))
	looptest.Run(t, l)
	if accepted > 1 {
		t.Errorf("one connection was accepted %d times", accepted)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the path outlives its listener: %v", err)
	}
}
