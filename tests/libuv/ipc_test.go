package libuv

import (
	"context"
	"io"
	"os"
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
		"pipe_sendmsg":                kit.PerLoop(testPipeSendmsg),
		"ipc_send_recv_tcp_inprocess": kit.PerParking(testIPCSendRecvTCP),
		"ipc_send_zero":               kit.PerLoop(testIPCSendZero),
	})
	uvtest.Helper("ipc send zero", sendZero)
}

// testPipeSendmsg passes four sockets in one message of a single byte.
func testPipeSendmsg(t *testing.T, l *uvgo.Loop) {
	a, b, err := handles.SocketPair(unix.SOCK_STREAM, 0)
	uvtest.Check(t, err)
	p := uvtest.Must(l.NewPipe(handles.IPC))
	uvtest.Check(t, p.Open(b.Fd()))
	uvtest.Check(t, b.Close())
	var fds []int
	for range 2 {
		x, y, err := handles.SocketPair(unix.SOCK_STREAM, 0)
		uvtest.Check(t, err)
		defer x.Close()
		defer y.Close()
		fds = append(fds, int(x.Fd()), int(y.Fd()))
	}
	uvtest.Check(t, unix.Sendmsg(int(a.Fd()), []byte("X"), unix.UnixRights(fds...), nil, 0))
	read := uvtest.NewCounter(t, "read callback", 1)
	closed := uvtest.NewCounter(t, "close callback", 5)
	p.OnClose(closed.Inc)
	uvtest.Check(t, p.ReadStart(func(b []byte, err error) {
		uvtest.Check(t, err)
		read.Inc()
		if string(b) != "X" || p.PendingCount() != len(fds) {
			t.Errorf("%q comes with %d descriptors", b, p.PendingCount())
		}
		for p.PendingCount() > 0 {
			if kind := p.PendingType(); kind != uv.KindPipe {
				t.Errorf("a socket arrives as %s", kind)
			}
			h := uvtest.Must(p.Accept()).(*handles.Pipe)
			h.OnClose(closed.Inc)
			uvtest.Check(t, h.Close())
		}
		uvtest.Check(t, p.ReadStop())
		uvtest.Check(t, p.Close())
	}))
	looptest.Run(t, l)
	uvtest.Check(t, a.Close())
}

// testIPCSendRecvTCP sends two bound sockets to another loop of the process,
// which sends them back.
func testIPCSendRecvTCP(t *testing.T, park uvgo.Option) {
	path := uvtest.SocketPath(t)
	there, here := looptest.New(t, park), looptest.New(t, park)
	echo := uvtest.Must(there.NewPipe(handles.IPC))
	uvtest.Check(t, echo.Bind(path))
	echoed := uvtest.NewCounter(t, "handles sent back", 2)
	uvtest.Check(t, echo.Listen(1, func(c *handles.Pipe, err error) {
		uvtest.Check(t, err)
		uvtest.Check(t, c.ReadStart(func(_ []byte, err error) {
			if err != nil {
				if err != io.EOF {
					t.Errorf("read: %v", err)
				}
				uvtest.CloseAll(t, c, echo)
				return
			}
			for c.PendingCount() > 0 {
				h := uvtest.Must(c.Accept()).(*handles.TCP)
				uvtest.Check(t, c.WriteHandle([]byte("."), h, func(err error) { uvtest.Check(t, err); echoed.Inc() }))
				uvtest.CloseAll(t, h)
			}
		}))
	}))
	done := make(chan error, 1)
	go func() { done <- there.Run(context.Background()) }()

	channel := uvtest.Must(here.NewPipe(handles.IPC))
	first, second := uvtest.Must(here.NewTCP()), uvtest.Must(here.NewTCP())
	uvtest.Check(t, first.Bind(looptest.Loopback))
	uvtest.Check(t, second.Bind(looptest.Loopback))
	want := []string{uvtest.Must(first.LocalAddr()).String(), uvtest.Must(second.LocalAddr()).String()}
	var got []string
	uvtest.Check(t, channel.Connect(path, func(err error) {
		uvtest.Check(t, err)
		uvtest.Check(t, channel.WriteHandle([]byte("."), first, nil))
		uvtest.Check(t, channel.WriteHandle([]byte("."), second, nil))
		uvtest.CloseAll(t, first, second)
		uvtest.Check(t, channel.ReadStart(func(_ []byte, err error) {
			uvtest.Check(t, err)
			for channel.PendingCount() > 0 {
				h := uvtest.Must(channel.Accept()).(*handles.TCP)
				got = append(got, uvtest.Must(h.LocalAddr()).String())
				uvtest.CloseAll(t, h)
			}
			if len(got) == 2 {
				uvtest.CloseAll(t, channel)
			}
		}))
	}))
	looptest.Run(t, here)
	uvtest.Check(t, <-done)
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("sockets at %v come back as %v", want, got)
	}
}

// testIPCSendZero: a child writes nothing, and is told so; its parent sees no
// more than the end.
func testIPCSendZero(t *testing.T, l *uvgo.Loop) {
	ours, theirs, err := handles.SocketPair(unix.SOCK_STREAM, 0)
	uvtest.Check(t, err)
	p := uvtest.Must(l.NewPipe(handles.IPC))
	uvtest.Check(t, p.Open(ours.Fd()))
	uvtest.Check(t, ours.Close())
	cmd := uvtest.Command(t, "ipc send zero")
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Stderr = os.Stderr
	uvtest.Check(t, cmd.Start())
	uvtest.Check(t, theirs.Close())
	ended := uvtest.NewCounter(t, "end", 1)
	uvtest.Check(t, p.ReadStart(func(b []byte, err error) {
		if len(b) != 0 || err != io.EOF {
			t.Errorf("read %q, %v", b, err)
		}
		ended.Inc()
		uvtest.CloseAll(t, p)
	}))
	looptest.Run(t, l)
	uvtest.Check(t, cmd.Wait())
}

func sendZero() {
	written := 0
	uvtest.Must(0, uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		p := uvtest.Must(l.NewPipe(handles.IPC))
		uvtest.Must(0, p.Open(3))
		return p.WriteFunc(func(err error) {
			uvtest.Must(0, err)
			written++
			p.Close()
		}, []byte{})
	}))
	if written != 1 {
		panic("an empty write does not complete")
	}
}
