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

// TestIPCQueuedHandleOutlivesItsOwner: a handle whose write has to wait may be
// closed meanwhile; bytes and descriptors keep their order behind it.
func TestIPCQueuedHandleOutlivesItsOwner(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		a, b := ipcPair(t, l)
		fill := pattern(4<<20, 1)
		want := bytes.Clone(fill)
		must(a.Write(fill))
		k := newToken(t)
		p := must(l.NewPipe())
		check(t, p.Open(k.Fd()))
		check(t, k.Close())
		written := uvtest.NewCounter(t, "write callbacks", 20)
		for i := range 20 {
			msg := bytes.Repeat([]byte{byte(i)}, 1+i*100)
			check(t, a.WriteHandle(msg, p, func(err error) { check(t, err); written.Inc() }))
			want = append(want, msg...)
			must(a.Write([]byte("between")))
			want = append(want, "between"...)
		}
		if a.Buffered() == 0 {
			t.Fatal("nothing is queued")
		}
		closeAll(t, p)
		var got []byte
		accepted := 0
		check(t, b.ReadStart(func(p []byte, err error) {
			check(t, err)
			got = append(got, p...)
			accepted += acceptAll(t, b)
			if len(got) == len(want) {
				closeAll(t, a, b)
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
	l := newLoop(t)
	a, b := ipcPair(t, l)
	must(a.Write(make([]byte, 4<<20)))
	k := newToken(t)
	canceled := uvtest.NewCounter(t, "write callbacks", 10)
	for range 10 {
		check(t, a.WriteFile([]byte("x"), k, func(err error) {
			isErr(t, "write", err, uv.ECANCELED)
			canceled.Inc()
		}))
	}
	check(t, a.WriteFile([]byte("x"), k, nil))
	closeAll(t, a, b, k)
	looptest.Run(t, l)
	k.wantGone(t)
}

// TestIPCWriteToClosedPeer fails in the callback, not in the call, as any write.
func TestIPCWriteToClosedPeer(t *testing.T) {
	l := newLoop(t)
	a, b := ipcPair(t, l)
	closeAll(t, b)
	turn(t, l, 2)
	k := newToken(t)
	failed := uvtest.NewCounter(t, "write callback", 1)
	check(t, a.WriteFile([]byte("x"), k, func(err error) {
		isErr(t, "write", err, unix.EPIPE)
		failed.Inc()
	}))
	closeAll(t, k)
	looptest.Run(t, l)
	closeAll(t, a)
	k.wantGone(t)
}

// TestIPCPassesGoConnections both ways: what is net's becomes a handle, and a
// handle becomes net's.
func TestIPCPassesGoConnections(t *testing.T) {
	l := newLoop(t)
	a, b := ipcPair(t, l)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	out, err := net.Dial("tcp", ln.Addr().String())
	check(t, err)
	in, err := ln.Accept()
	check(t, err)
	check(t, a.WriteFile([]byte("x"), in.(*net.TCPConn), nil))
	check(t, in.Close())
	check(t, ln.Close())
	check(t, b.ReadStart(func([]byte, error) {
		h := must(b.Accept())
		check(t, b.WriteHandle([]byte("y"), h, nil))
		check(t, h.Close())
		check(t, b.ReadStop())
	}))
	var conn net.Conn
	check(t, a.ReadStart(func([]byte, error) {
		f := must(a.AcceptFile())
		conn, err = net.FileConn(f)
		check(t, err)
		closeAll(t, f, a, b)
	}))
	looptest.Run(t, l)
	must(conn.Write([]byte("hello")))
	check(t, conn.Close())
	if got := string(must(io.ReadAll(out))); got != "hello" {
		t.Errorf("got %q", got)
	}
	check(t, out.Close())
}

// TestIPCTryWriteHandle writes at once or not at all.
func TestIPCTryWriteHandle(t *testing.T) {
	l := newLoop(t)
	a, b := ipcPair(t, l)
	h := must(l.NewTCP())
	_, err := a.TryWriteHandle([]byte("x"), h)
	isErr(t, "a handle without a socket", err, uv.EBADF)
	check(t, h.Bind(loopback))
	sent := 0
	for ; ; sent++ {
		n, err := a.TryWriteHandle(make([]byte, 4096), h)
		if err != nil {
			isErr(t, "a full socket", err, uv.EAGAIN)
			break
		}
		if n != 4096 {
			t.Fatalf("%d bytes were written", n)
		}
	}
	closeAll(t, h)
	got, bytes := 0, 0
	check(t, b.ReadStart(func(p []byte, err error) {
		check(t, err)
		bytes += len(p)
		got += acceptAll(t, b)
	}))
	until(t, l, func() bool { return bytes == sent*4096 })
	if got != sent || sent == 0 {
		t.Errorf("%d of %d handles arrived", got, sent)
	}
	closeAll(t, a, b)
	looptest.Run(t, l)
}

// TestIPCListenerAcceptsIPC: connections of a listener made with IPC pass
// handles, those of another do not.
func TestIPCListenerAcceptsIPC(t *testing.T) {
	for _, opts := range [][]handles.PipeOption{nil, {handles.IPC}} {
		l := newLoop(t)
		path := uvtest.SocketPath(t)
		s := must(l.NewPipe(opts...))
		check(t, s.Bind(path))
		k := newToken(t)
		var server *handles.Pipe
		check(t, s.Listen(1, func(c *handles.Pipe, err error) {
			check(t, err)
			server = c
			err = c.WriteFile([]byte("x"), k, nil)
			if opts == nil {
				isErr(t, "a write without IPC", err, uv.EINVAL)
				must(c.Write([]byte("x")))
			} else {
				check(t, err)
			}
		}))
		c := must(l.NewPipe(handles.IPC))
		check(t, c.Connect(path, func(err error) { check(t, err) }))
		check(t, c.ReadStart(func(_ []byte, err error) {
			check(t, err)
			if n := acceptAll(t, c); n != len(opts) {
				t.Errorf("%d descriptors arrive", n)
			}
			closeAll(t, c, s, server, k)
		}))
		looptest.Run(t, l)
		k.wantGone(t)
	}
}

// TestIPCRefusals: each misuse is an error of its own, and takes nothing.
func TestIPCRefusals(t *testing.T) {
	l, other := newLoop(t), newLoop(t)
	a, b := ipcPair(t, l)
	plain, far, err := handles.NewPipePair(l)
	check(t, err)
	timer, h, foreign := must(l.NewTimer()), must(l.NewTCP()), must(other.NewTCP())
	check(t, h.Bind(loopback))
	check(t, foreign.Bind(loopback))
	none := must(l.NewTCP())
	f := must(os.Open(os.DevNull))
	check(t, f.Close())
	fresh := must(l.NewPipe(handles.IPC))
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
		isErr(t, what, c.err, c.want)
	}
	_, err = a.Accept()
	isErr(t, "accept without a descriptor", err, uv.EAGAIN)
	_, err = plain.AcceptFile()
	isErr(t, "accept on a plain pipe", err, uv.EINVAL)
	closeAll(t, h)
	isErr(t, "a closed handle", a.WriteHandle(x, h, never), uv.ErrClosed)
	closeAll(t, a)
	isErr(t, "over a closed pipe", a.WriteHandle(x, none, never), uv.ErrClosed)
	_, err = a.TryWriteHandle(x, none)
	isErr(t, "over a closed pipe", err, uv.ErrClosed)
	closeAll(t, b, plain, far, timer, foreign, none, fresh)
	looptest.Run(t, l)
	looptest.Run(t, other)
}

// pipeEnd returns a descriptor that is no socket.
func pipeEnd(t testing.TB) uintptr {
	t.Helper()
	r, w, err := handles.PipePair()
	check(t, err)
	t.Cleanup(func() { r.Close(); w.Close() })
	return w.Fd()
}

// TestIPCAcceptRefusesWhatIsNoHandle: a file cannot be a handle; it stays pending
// for AcceptFile.
func TestIPCAcceptRefusesWhatIsNoHandle(t *testing.T) {
	l := newLoop(t)
	a, b := ipcPair(t, l)
	dir := must(os.Open(t.TempDir()))
	check(t, a.WriteFile([]byte("x"), dir, nil))
	check(t, dir.Close())
	done := false
	check(t, b.ReadStart(func([]byte, error) {
		_, err := b.Accept()
		isErr(t, "accept", err, uv.ENOTSUP)
		if got := fmt.Sprint(b.PendingCount(), b.PendingType()); got != "1 unknown" {
			t.Errorf("pending: %s", got)
		}
		f := must(b.AcceptFile())
		if st := must(f.Stat()); !st.IsDir() {
			t.Errorf("a directory arrives as %v", st.Mode())
		}
		check(t, f.Close())
		done = true
	}))
	until(t, l, func() bool { return done })
	closeAll(t, a, b)
	looptest.Run(t, l)
}

// TestIPCPassesDatagramSocketsAndTerminals, which work at the other end.
func TestIPCPassesDatagramSocketsAndTerminals(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		a, b := ipcPair(t, l)
		pty := uvtest.NewPTY(t)
		tty := must(l.NewTTY(pty.Fd()))
		unconnected, connected := must(l.NewUDP()), must(l.NewUDP())
		check(t, unconnected.Bind(loopback))
		addr := must(unconnected.LocalAddr())
		check(t, connected.Connect(addr))
		for _, h := range []uv.Handle{unconnected, connected, tty} {
			check(t, a.WriteHandle([]byte("."), h, nil))
		}
		closeAll(t, unconnected, connected, tty)
		var got []uv.Handle
		check(t, b.ReadStart(func(_ []byte, err error) {
			check(t, err)
			for b.PendingCount() > 0 {
				got = append(got, must(b.Accept()))
			}
		}))
		until(t, l, func() bool { return len(got) == 3 })
		receiver, sender, terminal := got[0].(*handles.UDP), got[1].(*handles.UDP), got[2].(*handles.TTY)
		if to := must(sender.RemoteAddr()); to != addr {
			t.Errorf("the connected socket sends to %v, not %v", to, addr)
		}
		must(terminal.Write([]byte("on the screen")))
		check(t, sender.Send([]byte("hello"), netip.AddrPort{}))
		check(t, receiver.RecvStart(func(d handles.Datagram, err error) {
			check(t, err)
			if string(d.Data) != "hello" {
				t.Errorf("got %q", d.Data)
			}
			closeAll(t, receiver, sender, terminal, a, b)
		}))
		looptest.Run(t, l)
		pty.Shows("on the screen")
	})
}

// TestIPCLargeMessage: of a message that the kernel takes in pieces, the first
// carries the descriptor, whether it was queued or not.
func TestIPCLargeMessage(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		a, b := ipcPair(t, l)
		k := newToken(t)
		first, second := pattern(3<<20, 1), pattern(2<<20, 2)
		want := append(bytes.Clone(first), second...)
		written := uvtest.NewCounter(t, "write callbacks", 2)
		for _, msg := range [][]byte{first, second} {
			check(t, a.WriteFile(msg, k, func(err error) { check(t, err); written.Inc() }))
			clear(msg) // it was borrowed for the call
		}
		if a.Buffered() == 0 {
			t.Error("the kernel took it at once")
		}
		check(t, k.Close())
		var got []byte
		var at []int // where descriptors came
		check(t, b.ReadStart(func(p []byte, err error) {
			check(t, err)
			for range acceptAll(t, b) {
				at = append(at, len(got))
			}
			if got = append(got, p...); len(got) == len(want) {
				closeAll(t, a, b)
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
