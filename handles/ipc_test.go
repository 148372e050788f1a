package handles_test

import (
	"context"
	"fmt"
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

// TestIPCPassesHandles: a listener, a connection, a pipe and a file arrive in order and
// with their kinds. They work, although the sender has closed its handles at once.
func TestIPCPassesHandles(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		a, b := ipcPair(t, l)
		ln := uvtest.Must(l.NewTCP())
		uvtest.Check(t, ln.Bind(looptest.Loopback))
		addr := uvtest.Must(ln.LocalAddr())
		near, far, err := handles.NewPipePair(l)
		uvtest.Check(t, err)
		f := uvtest.Must(os.CreateTemp(t.TempDir(), ""))
		uvtest.Must(f.WriteString("content"))
		written := uvtest.NewCounter(t, "write callbacks", 3)
		wrote := func(err error) { uvtest.Check(t, err); written.Inc() }
		uvtest.Check(t, a.WriteHandle([]byte("l"), ln, wrote))
		uvtest.Check(t, a.WriteHandle([]byte("p"), near, wrote))
		uvtest.Check(t, a.WriteFile([]byte("f"), f, wrote))
		uvtest.CloseAll(t, ln, near, f)

		var got []string
		accepted := uvtest.NewCounter(t, "connections", 1)
		client := uvtest.Must(l.NewTCP())
		uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
			uvtest.Check(t, err)
			got = append(got, fmt.Sprintf("%s %d %s", p, b.PendingCount(), b.PendingType()))
			switch string(p) {
			case "l":
				s := uvtest.Must(b.Accept()).(*handles.TCP)
				if at := uvtest.Must(s.LocalAddr()); at != addr {
					t.Errorf("the listener is at %v, not %v", at, addr)
				}
				uvtest.Check(t, s.Listen(1, func(c *handles.TCP, err error) {
					uvtest.Check(t, err)
					accepted.Inc()
					uvtest.CloseAll(t, c, s, client)
				}))
				uvtest.Check(t, client.Connect(addr, func(err error) { uvtest.Check(t, err) }))
			case "p":
				pipe := uvtest.Must(b.Accept()).(*handles.Pipe)
				uvtest.Must(pipe.Write([]byte("through")))
				uvtest.Check(t, pipe.Shutdown(func(error) { pipe.Close() }))
			case "f":
				f := uvtest.Must(b.AcceptFile())
				buf := make([]byte, 20)
				if n, _ := f.ReadAt(buf, 0); string(buf[:n]) != "content" {
					t.Errorf("the file says %q", buf[:n])
				}
				uvtest.CloseAll(t, f, a, b)
			}
		}))
		var through []byte
		uvtest.Check(t, far.ReadStart(func(p []byte, err error) {
			if through = append(through, p...); err != nil {
				uvtest.IsErr(t, "read", err, io.EOF)
				far.Close()
			}
		}))
		looptest.Run(t, l)
		if want := "[l 1 tcp p 1 pipe f 1 file]"; fmt.Sprint(got) != want || string(through) != "through" {
			t.Errorf("got %v and %q, want %s", got, through, want)
		}
	})
}

// TestIPCDescriptorsComeWithTheirChunk: when several messages wait in the kernel, a
// turn reads one, with its own descriptors. The end comes after them, although the peer
// closed before the first read.
func TestIPCDescriptorsComeWithTheirChunk(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		b, peer := rawPeer(t, l, handles.IPC)
		k := newToken(t)
		want := []string{}
		for i := range 40 {
			fds := make([]int, i%5+1)
			for j := range fds {
				fds[j] = int(k.Fd())
			}
			msg := fmt.Sprintf("%d:%d", i, len(fds))
			want = append(want, msg)
			sendRaw(t, peer, []byte(msg), fds...)
		}
		uvtest.CloseAll(t, peer, k)
		var got []string
		uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
			if err != nil {
				uvtest.IsErr(t, "end", err, io.EOF)
				b.Close()
				return
			}
			got = append(got, string(p))
			if n := fmt.Sprint(b.PendingCount()); n != got[len(got)-1][len(p)-1:] {
				t.Errorf("message %s has %s descriptors", p, n)
			}
			acceptAll(t, b)
		}))
		looptest.Run(t, l)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", got, want)
		}
		k.wantGone(t)
	})
}

// TestIPCKeptChunksKeepTheirDescriptors: a chunk that C reads in the turn of a ReadStop
// is kept. Its descriptors are pending only when it is delivered, and later descriptors
// wait for their own chunk.
func TestIPCKeptChunksKeepTheirDescriptors(t *testing.T) {
	l := looptest.New(t)
	b, peer := rawPeer(t, l, handles.IPC)
	k := newToken(t)
	fd := int(k.Fd())
	for i, fds := range [][]int{{fd}, {fd, fd}, {}, {fd}} {
		sendRaw(t, peer, []byte{'a' + byte(i)}, fds...)
	}
	uvtest.Check(t, b.ReadStart(func([]byte, error) { t.Error("a chunk is delivered") }))
	uvtest.Check(t, l.Post(func() { uvtest.Check(t, b.ReadStop()) })) // runs between C's reads and their events
	looptest.Turn(t, l, 1)
	if n := b.PendingCount(); n != 0 {
		t.Fatalf("%d descriptors are pending without a chunk", n)
	}
	uvtest.Check(t, peer.Close())
	var got []string
	read := func(p []byte, err error) {
		got = append(got, fmt.Sprintf("%s%d %v", p, b.PendingCount(), err))
		if string(p) == "b" { // stop between kept chunks
			uvtest.Check(t, b.ReadStop())
		}
	}
	uvtest.Check(t, b.ReadStart(read))
	looptest.Turn(t, l, 3)
	if want := "[a1 <nil> b3 <nil>]"; fmt.Sprint(got) != want || b.PendingCount() != 3 {
		t.Errorf("got %v with %d pending, want %s", got, b.PendingCount(), want)
	}
	uvtest.Check(t, uvtest.Must(b.AcceptFile()).Close())
	uvtest.Check(t, b.ReadStart(read))
	looptest.Until(t, l, func() bool { return len(got) == 4 })
	if want := "[a1 <nil> b3 <nil> cd3 <nil> 3 EOF]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if n := acceptAll(t, b); n != 3 {
		t.Errorf("%d descriptors are left after the end", n)
	}
	uvtest.CloseAll(t, b, k)
	looptest.Run(t, l)
	k.wantGone(t)
}

// TestIPCClosesWhatNobodyAccepts: Close closes descriptors that are pending, kept, read
// in the turn of Close, or still in the kernel.
func TestIPCClosesWhatNobodyAccepts(t *testing.T) {
	for _, c := range []struct {
		name string
		stop func(l *uvgo.Loop, b *handles.Pipe)
	}{
		{"pending", func(l *uvgo.Loop, b *handles.Pipe) { looptest.Turn(t, l, 2); b.Close() }},
		{"pending, stopped", func(l *uvgo.Loop, b *handles.Pipe) { looptest.Turn(t, l, 2); b.ReadStop(); b.Close() }},
		{"held", func(l *uvgo.Loop, b *handles.Pipe) {
			l.Post(func() { uvtest.Check(t, b.ReadStop()) })
			looptest.Turn(t, l, 2)
			b.Close()
		}},
		{"read in the turn that closes", func(l *uvgo.Loop, b *handles.Pipe) {
			l.Post(func() { b.Close() })
			looptest.Turn(t, l, 1)
		}},
		{"in the kernel", func(l *uvgo.Loop, b *handles.Pipe) { b.Close() }},
		{"shutdown of the loop", func(l *uvgo.Loop, b *handles.Pipe) {
			looptest.Turn(t, l, 1)
			uvtest.Check(t, l.Shutdown(context.Background()))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := looptest.New(t)
			b, peer := rawPeer(t, l, handles.IPC)
			k := newToken(t)
			uvtest.Check(t, b.ReadStart(func(p []byte, err error) { uvtest.Check(t, err) }))
			looptest.Turn(t, l, 1)
			sendRaw(t, peer, []byte("x"), int(k.Fd()), int(k.Fd()))
			sendRaw(t, peer, []byte("y"), int(k.Fd()))
			uvtest.Check(t, k.Close())
			c.stop(l, b)
			if c.name != "shutdown of the loop" {
				looptest.Run(t, l)
			}
			k.wantGone(t)
			if b.PendingCount() != 0 || b.PendingType() != uv.KindUnknown {
				t.Error("a closed pipe has descriptors")
			}
			_, err := b.Accept()
			uvtest.IsErr(t, "accept after close", err, uv.ErrClosed)
			_, err = b.AcceptFile()
			uvtest.IsErr(t, "accept after close", err, uv.ErrClosed)
		})
	}
}

// TestIPCPeerWithoutEnd: a reader that accepts nothing gets an error before its peer
// has used up the process's descriptors. Nothing is lost: after accepting, the reader
// can go on.
func TestIPCPeerWithoutEnd(t *testing.T) {
	l := looptest.New(t)
	b, peer := rawPeer(t, l, handles.IPC)
	k := newToken(t)
	fds := make([]int, 60)
	for i := range fds {
		fds[i] = int(k.Fd())
	}
	const messages = 20
	sent, got, taken, crowded := 0, 0, 0, 0
	send := func() {
		for ; sent < messages && sent < got+8; sent++ {
			sendRaw(t, peer, []byte{byte(sent)}, fds...)
		}
	}
	send()
	before := uvtest.FDs()
	var read func(p []byte, err error)
	read = func(p []byte, err error) {
		if err != nil {
			uvtest.IsErr(t, "read", err, unix.EMFILE)
			crowded++
			if n := b.PendingCount(); n != 300 {
				t.Errorf("%d descriptors wait", n)
			}
			taken += acceptAll(t, b)
			uvtest.Check(t, b.ReadStart(read))
			return
		}
		if p[0] != byte(got) {
			t.Errorf("message %d is %d", got, p[0])
		}
		got++
		if n := uvtest.FDs() - before; n > 400 {
			t.Errorf("%d descriptors more are open", n)
		}
		send()
	}
	uvtest.Check(t, b.ReadStart(read))
	looptest.Until(t, l, func() bool { return got == messages })
	taken += acceptAll(t, b)
	if taken != messages*60 || crowded != 3 {
		t.Errorf("%d descriptors arrived, with %d errors", taken, crowded)
	}
	uvtest.CloseAll(t, b, k)
	looptest.Run(t, l)
	k.wantGone(t)
}

// TestIPCMoreThanOneMessageCanCarry: the kernel passes up to 253 descriptors with a
// message, but libuv takes 60. The others are closed.
func TestIPCMoreThanOneMessageCanCarry(t *testing.T) {
	l := looptest.New(t)
	b, peer := rawPeer(t, l, handles.IPC)
	k := newToken(t)
	fds := make([]int, 253)
	for i := range fds {
		fds[i] = int(k.Fd())
	}
	sendRaw(t, peer, []byte("x"), fds...)
	done := false
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
		uvtest.Check(t, err)
		if n := b.PendingCount(); n != 60 {
			t.Errorf("%d descriptors arrive", n)
		}
		done = true
	}))
	looptest.Until(t, l, func() bool { return done })
	uvtest.CloseAll(t, b, k)
	looptest.Run(t, l)
	k.wantGone(t)
}

// TestPlainPipeTakesNoDescriptors: the kernel drops descriptors that are sent to a pipe
// without IPC; the bytes arrive.
func TestPlainPipeTakesNoDescriptors(t *testing.T) {
	l := looptest.New(t)
	b, peer := rawPeer(t, l)
	k := newToken(t)
	for range 100 {
		sendRaw(t, peer, []byte("x"), int(k.Fd()), int(k.Fd()))
	}
	uvtest.Check(t, k.Close())
	got := 0
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
		uvtest.Check(t, err)
		got += len(p)
	}))
	looptest.Until(t, l, func() bool { return got == 100 })
	k.wantGone(t)
	if b.PendingCount() != 0 {
		t.Error("a plain pipe has descriptors")
	}
	_, err := b.Accept()
	uvtest.IsErr(t, "accept", err, uv.EINVAL)
	uvtest.CloseAll(t, b)
	looptest.Run(t, l)
}
