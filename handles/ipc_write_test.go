package handles_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// TestIPCQueuedHandleOutlivesItsOwner: a handle may be closed while its write waits in
// the queue. Later bytes and descriptors keep their order.
func TestIPCQueuedHandleOutlivesItsOwner(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		a, b := ipcPair(t, l)
		fill := uvtest.Pattern(4<<20, 1)
		want := bytes.Clone(fill)
		uvtest.Must(a.Write(fill))
		k := newToken(t)
		p := uvtest.Must(l.NewPipe())
		uvtest.Check(t, p.Open(k.Fd()))
		uvtest.Check(t, k.Close())
		written := uvtest.NewCounter(t, "write callbacks", 20)
		for i := range 20 {
			msg := bytes.Repeat([]byte{byte(i)}, 1+i*100)
			uvtest.Check(t, a.WriteHandle(msg, p, func(err error) { uvtest.Check(t, err); written.Inc() }))
			want = append(want, msg...)
			uvtest.Must(a.Write([]byte("between")))
			want = append(want, "between"...)
		}
		if a.Buffered() == 0 {
			t.Fatal("nothing is queued")
		}
		uvtest.CloseAll(t, p)
		var got []byte
		accepted := 0
		uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
			uvtest.Check(t, err)
			got = append(got, p...)
			accepted += acceptAll(t, b)
			if len(got) == len(want) {
				uvtest.CloseAll(t, a, b)
			}
		}))
		looptest.Run(t, l)
		if !bytes.Equal(got, want) || accepted != 20 {
			t.Errorf("%d bytes and %d handles arrived", len(got), accepted)
		}
		k.wantGone(t)
	})
}

// TestIPCCloseWithQueuedHandles: their writes complete with ECANCELED, and the
// duplicates go.
func TestIPCCloseWithQueuedHandles(t *testing.T) {
	l := looptest.New(t)
	a, b := ipcPair(t, l)
	uvtest.Must(a.Write(make([]byte, 4<<20)))
	k := newToken(t)
	canceled := uvtest.NewCounter(t, "write callbacks", 10)
	for range 10 {
		uvtest.Check(t, a.WriteFile([]byte("x"), k, func(err error) {
			uvtest.IsErr(t, "write", err, uv.ECANCELED)
			canceled.Inc()
		}))
	}
	uvtest.Check(t, a.WriteFile([]byte("x"), k, nil))
	uvtest.CloseAll(t, a, b, k)
	looptest.Run(t, l)
	k.wantGone(t)
}

// TestIPCWriteToClosedPeer fails in the callback, not in the call, as any write.
func TestIPCWriteToClosedPeer(t *testing.T) {
	l := looptest.New(t)
	a, b := ipcPair(t, l)
	uvtest.CloseAll(t, b)
	looptest.Turn(t, l, 2)
	k := newToken(t)
	failed := uvtest.NewCounter(t, "write callback", 1)
	uvtest.Check(t, a.WriteFile([]byte("x"), k, func(err error) {
		uvtest.IsErr(t, "write", err, unix.EPIPE)
		failed.Inc()
	}))
	uvtest.CloseAll(t, k)
	looptest.Run(t, l)
	uvtest.CloseAll(t, a)
	k.wantGone(t)
}

// TestIPCPassesGoConnections: a connection of package net becomes a handle, and a
// handle becomes a connection of package net.
func TestIPCPassesGoConnections(t *testing.T) {
	l := looptest.New(t)
	a, b := ipcPair(t, l)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	out, err := net.Dial("tcp", ln.Addr().String())
	uvtest.Check(t, err)
	in, err := ln.Accept()
	uvtest.Check(t, err)
	uvtest.Check(t, a.WriteFile([]byte("x"), in.(*net.TCPConn), nil))
	uvtest.Check(t, in.Close())
	uvtest.Check(t, ln.Close())
	uvtest.Check(t, b.ReadStart(func([]byte, error) {
		h := uvtest.Must(b.Accept())
		uvtest.Check(t, b.WriteHandle([]byte("y"), h, nil))
		uvtest.Check(t, h.Close())
		uvtest.Check(t, b.ReadStop())
	}))
	var conn net.Conn
	uvtest.Check(t, a.ReadStart(func([]byte, error) {
		f := uvtest.Must(a.AcceptFile())
		conn, err = net.FileConn(f)
		uvtest.Check(t, err)
		uvtest.CloseAll(t, f, a, b)
	}))
	looptest.Run(t, l)
	uvtest.Must(conn.Write([]byte("hello")))
	uvtest.Check(t, conn.Close())
	if got := string(uvtest.Must(io.ReadAll(out))); got != "hello" {
		t.Errorf("got %q", got)
	}
	uvtest.Check(t, out.Close())
}

// TestIPCTryWriteHandle writes at once or not at all.
func TestIPCTryWriteHandle(t *testing.T) {
	l := looptest.New(t)
	a, b := ipcPair(t, l)
	h := uvtest.Must(l.NewTCP())
	_, err := a.TryWriteHandle([]byte("x"), h)
	uvtest.IsErr(t, "a handle without a socket", err, uv.EBADF)
	uvtest.Check(t, h.Bind(looptest.Loopback))
	sent := 0
	for ; ; sent++ {
		n, err := a.TryWriteHandle(make([]byte, 4096), h)
		if err != nil {
			uvtest.IsErr(t, "a full socket", err, uv.EAGAIN)
			break
		}
		if n != 4096 {
			t.Fatalf("%d bytes were written", n)
		}
	}
	uvtest.CloseAll(t, h)
	got, bytes := 0, 0
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
		uvtest.Check(t, err)
		bytes += len(p)
		got += acceptAll(t, b)
	}))
	looptest.Until(t, l, func() bool { return bytes == sent*4096 })
	if got != sent || sent == 0 {
		t.Errorf("%d of %d handles arrived", got, sent)
	}
	uvtest.CloseAll(t, a, b)
	looptest.Run(t, l)
}

// TestIPCListenerAcceptsIPC: connections of a listener made with IPC pass handles;
// those of another listener do not.
func TestIPCListenerAcceptsIPC(t *testing.T) {
	for _, opts := range [][]handles.PipeOption{nil, {handles.IPC}} {
		l := looptest.New(t)
		path := uvtest.SocketPath(t)
		s := uvtest.Must(l.NewPipe(opts...))
		uvtest.Check(t, s.Bind(path))
		k := newToken(t)
		var server *handles.Pipe
		uvtest.Check(t, s.Listen(1, func(c *handles.Pipe, err error) {
			uvtest.Check(t, err)
			server = c
			err = c.WriteFile([]byte("x"), k, nil)
			if opts == nil {
				uvtest.IsErr(t, "a write without IPC", err, uv.EINVAL)
				uvtest.Must(c.Write([]byte("x")))
			} else {
				uvtest.Check(t, err)
			}
		}))
		c := uvtest.Must(l.NewPipe(handles.IPC))
		uvtest.Check(t, c.Connect(path, func(err error) { uvtest.Check(t, err) }))
		uvtest.Check(t, c.ReadStart(func(_ []byte, err error) {
			uvtest.Check(t, err)
			if n := acceptAll(t, c); n != len(opts) {
				t.Errorf("%d descriptors arrive", n)
			}
			uvtest.CloseAll(t, c, s, server, k)
		}))
		looptest.Run(t, l)
		k.wantGone(t)
	}
}

// TestIPCRefusals: each misuse has its error, and changes nothing.
func TestIPCRefusals(t *testing.T) {
	l, other := looptest.New(t), looptest.New(t)
	a, b := ipcPair(t, l)
	plain, far, err := handles.NewPipePair(l)
	uvtest.Check(t, err)
	timer, h, foreign := uvtest.Must(l.NewTimer()), uvtest.Must(l.NewTCP()), uvtest.Must(other.NewTCP())
	uvtest.Check(t, h.Bind(looptest.Loopback))
	uvtest.Check(t, foreign.Bind(looptest.Loopback))
	none := uvtest.Must(l.NewTCP())
	f := uvtest.Must(os.Open(os.DevNull))
	uvtest.Check(t, f.Close())
	fresh := uvtest.Must(l.NewPipe(handles.IPC))
	never := func(error) { t.Error("the callback of a refused write runs") }
	x := []byte("x")
	for what, c := range map[string]struct {
		err  error
		want error
	}{
		"no bytes":             {a.WriteHandle(nil, h, never), uv.EINVAL},
		"no handle":            {a.WriteHandle(x, nil, never), uv.EINVAL},
		"a nil handle":         {a.WriteHandle(x, (*handles.TCP)(nil), never), uv.EINVAL},
		"a timer":              {a.WriteHandle(x, timer, never), uv.EINVAL},
		"another loop's":       {a.WriteHandle(x, foreign, never), uv.EINVAL},
		"without a socket":     {a.WriteHandle(x, none, never), uv.EBADF},
		"over a plain pipe":    {plain.WriteHandle(x, h, never), uv.EINVAL},
		"over no socket":       {fresh.WriteHandle(x, h, never), uv.EBADF},
		"no file":              {a.WriteFile(x, nil, never), uv.EINVAL},
		"a closed file":        {a.WriteFile(x, f, never), os.ErrClosed},
		"a file, no bytes":     {a.WriteFile(nil, os.Stdin, never), uv.EINVAL},
		"a pipe's end for IPC": {fresh.Open(pipeEnd(t)), uv.EINVAL},
	} {
		uvtest.IsErr(t, what, c.err, c.want)
	}
	_, err = a.Accept()
	uvtest.IsErr(t, "accept without a descriptor", err, uv.EAGAIN)
	_, err = plain.AcceptFile()
	uvtest.IsErr(t, "accept on a plain pipe", err, uv.EINVAL)
	uvtest.CloseAll(t, h)
	uvtest.IsErr(t, "a closed handle", a.WriteHandle(x, h, never), uv.ErrClosed)
	uvtest.CloseAll(t, a)
	uvtest.IsErr(t, "over a closed pipe", a.WriteHandle(x, none, never), uv.ErrClosed)
	_, err = a.TryWriteHandle(x, none)
	uvtest.IsErr(t, "over a closed pipe", err, uv.ErrClosed)
	uvtest.CloseAll(t, b, plain, far, timer, foreign, none, fresh)
	looptest.Run(t, l)
	looptest.Run(t, other)
}

// pipeEnd returns a descriptor that is no socket.
func pipeEnd(t testing.TB) uintptr {
	t.Helper()
	r, w, err := handles.PipePair()
	uvtest.Check(t, err)
	t.Cleanup(func() { r.Close(); w.Close() })
	return w.Fd()
}

// TestIPCAcceptRefusesWhatIsNoHandle: Accept refuses a file, which stays pending for
// AcceptFile.
func TestIPCAcceptRefusesWhatIsNoHandle(t *testing.T) {
	l := looptest.New(t)
	a, b := ipcPair(t, l)
	dir := uvtest.Must(os.Open(t.TempDir()))
	uvtest.Check(t, a.WriteFile([]byte("x"), dir, nil))
	uvtest.Check(t, dir.Close())
	done := false
	uvtest.Check(t, b.ReadStart(func([]byte, error) {
		_, err := b.Accept()
		uvtest.IsErr(t, "accept", err, uv.ENOTSUP)
		if got := fmt.Sprint(b.PendingCount(), b.PendingType()); got != "1 unknown" {
			t.Errorf("pending: %s", got)
		}
		f := uvtest.Must(b.AcceptFile())
		if st := uvtest.Must(f.Stat()); !st.IsDir() {
			t.Errorf("a directory arrives as %v", st.Mode())
		}
		uvtest.Check(t, f.Close())
		done = true
	}))
	looptest.Until(t, l, func() bool { return done })
	uvtest.CloseAll(t, a, b)
	looptest.Run(t, l)
}

// TestIPCPassesDatagramSocketsAndTerminals: both work at the other end.
func TestIPCPassesDatagramSocketsAndTerminals(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		a, b := ipcPair(t, l)
		pty := uvtest.NewPTY(t)
		tty := uvtest.Must(l.NewTTY(pty.Fd()))
		unconnected, connected := uvtest.Must(l.NewUDP()), uvtest.Must(l.NewUDP())
		uvtest.Check(t, unconnected.Bind(looptest.Loopback))
		addr := uvtest.Must(unconnected.LocalAddr())
		uvtest.Check(t, connected.Connect(addr))
		for _, h := range []uv.Handle{unconnected, connected, tty} {
			uvtest.Check(t, a.WriteHandle([]byte("."), h, nil))
		}
		uvtest.CloseAll(t, unconnected, connected, tty)
		var got []uv.Handle
		uvtest.Check(t, b.ReadStart(func(_ []byte, err error) {
			uvtest.Check(t, err)
			for b.PendingCount() > 0 {
				got = append(got, uvtest.Must(b.Accept()))
			}
		}))
		looptest.Until(t, l, func() bool { return len(got) == 3 })
		receiver, sender, terminal := got[0].(*handles.UDP), got[1].(*handles.UDP), got[2].(*handles.TTY)
		if to := uvtest.Must(sender.RemoteAddr()); to != addr {
			t.Errorf("the connected socket sends to %v, not %v", to, addr)
		}
		uvtest.Must(terminal.Write([]byte("on the screen")))
		uvtest.Check(t, sender.Send([]byte("hello"), netip.AddrPort{}))
		uvtest.Check(t, receiver.RecvStart(func(d handles.Datagram, err error) {
			uvtest.Check(t, err)
			if string(d.Data) != "hello" {
				t.Errorf("got %q", d.Data)
			}
			uvtest.CloseAll(t, receiver, sender, terminal, a, b)
		}))
		looptest.Run(t, l)
		pty.Shows("on the screen")
	})
}

// TestIPCLargeMessage: the kernel takes a large message in pieces. The first piece
// carries the descriptor, whether the write was queued or not.
func TestIPCLargeMessage(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		a, b := ipcPair(t, l)
		k := newToken(t)
		first, second := uvtest.Pattern(3<<20, 1), uvtest.Pattern(2<<20, 2)
		want := append(bytes.Clone(first), second...)
		written := uvtest.NewCounter(t, "write callbacks", 2)
		for _, msg := range [][]byte{first, second} {
			uvtest.Check(t, a.WriteFile(msg, k, func(err error) { uvtest.Check(t, err); written.Inc() }))
			clear(msg) // borrowed for the call only
		}
		if a.Buffered() == 0 {
			t.Error("the kernel took it at once")
		}
		uvtest.Check(t, k.Close())
		var got []byte
		var at []int // where descriptors came
		uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
			uvtest.Check(t, err)
			for range acceptAll(t, b) {
				at = append(at, len(got))
			}
			if got = append(got, p...); len(got) == len(want) {
				uvtest.CloseAll(t, a, b)
			}
		}))
		looptest.Run(t, l)
		if !bytes.Equal(got, want) {
			t.Error("the bytes are not those that were written")
		}
		// A read may begin with bytes of the message before.
		if len(at) != 2 || at[0] != 0 || at[1] > 3<<20 || at[1] < 3<<20-64<<10 {
			t.Errorf("descriptors came at %v", at)
		}
		k.wantGone(t)
	})
}
