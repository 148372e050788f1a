package tests

import (
	"io"
	"os"
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
		"pipe_sendmsg":                onEachLoop(testPipeSendmsg),
		"ipc_send_recv_tcp_inprocess": eachParking(testIPCSendRecvTCP),
		"ipc_send_zero":               onEachLoop(testIPCSendZero),
	})
	uvtest.Helper("ipc send zero", sendZero)
}

// testPipeSendmsg passes four sockets in one message of a single byte.
func testPipeSendmsg(t *testing.T, l *uvgo.Loop) {
	a, b, err := handles.SocketPair(unix.SOCK_STREAM, 0)
	check(t, err)
	p := must(l.NewPipe(handles.IPC))
	check(t, p.Open(b.Fd()))
	check(t, b.Close())
	var fds []int
	for range 2 {
		x, y, err := handles.SocketPair(unix.SOCK_STREAM, 0)
		check(t, err)
		defer x.Close()
		defer y.Close()
		fds = append(fds, int(x.Fd()), int(y.Fd()))
	}
	check(t, unix.Sendmsg(int(a.Fd()), []byte("X"), unix.UnixRights(fds...), nil, 0))
	read := uvtest.NewCounter(t, "read callback", 1)
	closed := uvtest.NewCounter(t, "close callback", 5)
	p.OnClose(closed.Inc)
	check(t, p.ReadStart(func(b []byte, err error) {
		check(t, err)
		read.Inc()
		if string(b) != "X" || p.PendingCount() != len(fds) {
			t.Errorf("%q comes with %d descriptors", b, p.PendingCount())
		}
		for p.PendingCount() > 0 {
			if kind := p.PendingType(); kind != uv.KindPipe {
				t.Errorf("a socket arrives as %s", kind)
			}
			h := must(p.Accept()).(*handles.Pipe)
			h.OnClose(closed.Inc)
			check(t, h.Close())
		}
		check(t, p.ReadStop())
		check(t, p.Close())
	}))
	looptest.Run(t, l)
	check(t, a.Close())
}

// testIPCSendRecvTCP sends two bound sockets to another loop of the process,
// which sends them back.
func testIPCSendRecvTCP(t *testing.T, park uvgo.Option) {
	path := uvtest.SocketPath(t)
	there, here := looptest.New(t, park), looptest.New(t, park)
	echo := must(there.NewPipe(handles.IPC))
	check(t, echo.Bind(path))
	echoed := uvtest.NewCounter(t, "handles sent back", 2)
	check(t, echo.Listen(1, func(c *handles.Pipe, err error) {
		check(t, err)
		check(t, c.ReadStart(func(_ []byte, err error) {
			if err != nil {
				if err != io.EOF {
					t.Errorf("read: %v", err)
				}
				closeAll(t, c, echo)
				return
			}
			for c.PendingCount() > 0 {
				h := must(c.Accept()).(*handles.TCP)
				check(t, c.WriteHandle([]byte("."), h, func(err error) { check(t, err); echoed.Inc() }))
				closeAll(t, h)
			}
		}))
	}))
	done := make(chan error, 1)
	go func() { done <- there.Run(bg) }()

	channel := must(here.NewPipe(handles.IPC))
	first, second := must(here.NewTCP()), must(here.NewTCP())
	check(t, first.Bind(anyPort))
	check(t, second.Bind(anyPort))
	want := []string{must(first.LocalAddr()).String(), must(second.LocalAddr()).String()}
	var got []string
	check(t, channel.Connect(path, func(err error) {
		check(t, err)
		check(t, channel.WriteHandle([]byte("."), first, nil))
		check(t, channel.WriteHandle([]byte("."), second, nil))
		closeAll(t, first, second)
		check(t, channel.ReadStart(func(_ []byte, err error) {
			check(t, err)
			for channel.PendingCount() > 0 {
				h := must(channel.Accept()).(*handles.TCP)
				got = append(got, must(h.LocalAddr()).String())
				closeAll(t, h)
			}
			if len(got) == 2 {
				closeAll(t, channel)
			}
		}))
	}))
	looptest.Run(t, here)
	check(t, <-done)
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("sockets at %v come back as %v", want, got)
	}
}

// testIPCSendZero: a child writes nothing, and is told so; its parent sees no
// more than the end.
func testIPCSendZero(t *testing.T, l *uvgo.Loop) {
	ours, theirs, err := handles.SocketPair(unix.SOCK_STREAM, 0)
	check(t, err)
	p := must(l.NewPipe(handles.IPC))
	check(t, p.Open(ours.Fd()))
	check(t, ours.Close())
	cmd := uvtest.Command(t, "ipc send zero")
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Stderr = os.Stderr
	check(t, cmd.Start())
	check(t, theirs.Close())
	ended := uvtest.NewCounter(t, "end", 1)
	check(t, p.ReadStart(func(b []byte, err error) {
		if len(b) != 0 || err != io.EOF {
			t.Errorf("read %q, %v", b, err)
		}
		ended.Inc()
		closeAll(t, p)
	}))
	looptest.Run(t, l)
	check(t, cmd.Wait())
}

func sendZero() {
	written := 0
	must(0, uvgo.Run(bg, func(l *uvgo.Loop) error {
		p := must(l.NewPipe(handles.IPC))
		must(0, p.Open(3))
		return p.WriteFunc(func(err error) {
			must(0, err)
			written++
			p.Close()
		}, []byte{})
	}))
	if written != 1 {
		panic("an empty write does not complete")
	}
}
