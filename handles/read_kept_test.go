package handles_test

import (
	"bytes"
	"io"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// keptSize is more than one chunk, and little enough for the kernel to queue it.
const keptSize = 160 << 10

// stopped returns a connection whose end b got one chunk of data, and then stopped
// reading. got is that chunk. More chunks came in the same turn, so they are kept.
func stopped(t testing.TB, l *uvgo.Loop, data []byte) (a, b *handles.TCP, got []byte) {
	t.Helper()
	a, b = looptest.Pair(t, l)
	wideReceive(t, b)
	uvtest.Check(t, a.WriteFunc(nil, data[:keptSize]))
	looptest.Poll(t, l, func() bool { return unread(t, b) == keptSize })
	left := 0
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
		uvtest.Check(t, err)
		got = append(got, p...)
		left = unread(t, b)
		uvtest.Check(t, b.ReadStop())
	}))
	looptest.Until(t, l, func() bool { return len(got) > 0 })
	looptest.Turn(t, l, 3)
	if len(got)+left >= keptSize {
		t.Fatal("nothing is held: the test shows nothing")
	}
	if n := unread(t, b); n != left {
		t.Errorf("%d bytes wait in the kernel after ReadStop, %d before", n, left)
	}
	uvtest.Check(t, a.WriteFunc(nil, data[keptSize:]))
	return a, b, got
}

func TestHeldChunksComeFirstAndInOrder(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		data := uvtest.Pattern(600<<10, 1)
		a, b, got := stopped(t, l, data)
		uvtest.Check(t, a.Shutdown(nil))
		if !l.Alive() {
			t.Error("the shutdown is not under way")
		}
		ended := uvtest.NewCounter(t, "end of the stream", 1)
		inCall := true
		uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
			if inCall {
				t.Error("a callback runs inside ReadStart")
			}
			got = append(got, p...)
			if err != nil {
				uvtest.IsErr(t, "read", err, io.EOF)
				ended.Inc()
				uvtest.CloseAll(t, a, b)
			}
		}))
		inCall = false
		if !l.Alive() {
			t.Error("what is held does not keep the loop alive once it is asked for")
		}
		if d, limited := l.BackendTimeout(); d != 0 || !limited {
			t.Errorf("the loop would wait %v with chunks to deliver", d)
		}
		looptest.Run(t, l)
		if !bytes.Equal(got, data) {
			t.Errorf("%d of %d bytes arrived, or in another order", len(got), len(data))
		}
	})
}

func TestHeldChunksAcrossManyStops(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		// Every callback stops reading. Reading starts again in the callback, from a
		// post, or turns later. The order must not depend on that.
		data := uvtest.Pattern(900<<10, 2)
		a, b := looptest.Pair(t, l)
		wideReceive(t, b)
		uvtest.Check(t, a.WriteFunc(nil, data))
		uvtest.Check(t, a.Shutdown(nil))
		var got []byte
		n := 0
		ended := uvtest.NewCounter(t, "end of the stream", 1)
		var read func(p []byte, err error)
		start := func() { uvtest.Check(t, b.ReadStart(read)) }
		read = func(p []byte, err error) {
			got = append(got, p...)
			if err != nil {
				uvtest.IsErr(t, "read", err, io.EOF)
				ended.Inc()
				uvtest.CloseAll(t, a, b)
				return
			}
			uvtest.Check(t, b.ReadStop())
			switch n++; n % 4 {
			case 0:
				start()
			case 1:
				uvtest.Check(t, l.Post(start))
			case 2:
				start()
				uvtest.Check(t, b.ReadStop())
				start()
			case 3:
				uvtest.Must(l.AfterFunc(0, start))
			}
		}
		start()
		looptest.Run(t, l)
		if !bytes.Equal(got, data) {
			t.Errorf("%d of %d bytes arrived, or in another order", len(got), len(data))
		}
	})
}

func TestHeldChunksAreDiscardedOnClose(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		a, b, _ := stopped(t, l, uvtest.Pattern(600<<10, 3))
		closed := uvtest.NewCounter(t, "close callback", 1)
		b.OnClose(closed.Inc)
		uvtest.Check(t, b.ReadStart(func(p []byte, err error) { t.Errorf("read %d bytes, %v after Close", len(p), err) }))
		uvtest.CloseAll(t, a, b)
		looptest.Run(t, l)

		// Close between two kept chunks.
		a, b, got := stopped(t, l, uvtest.Pattern(600<<10, 4))
		chunks := uvtest.NewCounter(t, "chunk", 1)
		uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
			chunks.Inc()
			uvtest.Check(t, err)
			got = append(got, p...)
			uvtest.CloseAll(t, a, b)
		}))
		looptest.Run(t, l)
		if !bytes.Equal(got, uvtest.Pattern(600<<10, 4)[:len(got)]) {
			t.Error("the chunk before Close differs from what was sent")
		}
	})
}

func TestHeldEndComesOnce(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		a, b := looptest.Pair(t, l)
		_, err := a.Write([]byte("last"))
		uvtest.Check(t, err)
		uvtest.Check(t, a.Shutdown(nil))
		looptest.Poll(t, l, func() bool { return hungUp(t, b, unix.POLLRDHUP) })
		chunks := uvtest.NewCounter(t, "chunk", 1)
		uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
			chunks.Inc()
			if string(p) != "last" || err != nil {
				t.Errorf("read %q, %v", p, err)
			}
			uvtest.Check(t, b.ReadStop())
		}))
		looptest.Turn(t, l, 5)
		for range 2 { // the kept one, and then one that C reports anew
			ends := uvtest.NewCounter(t, "end of the stream", 1)
			uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
				ends.Inc()
				uvtest.IsErr(t, "read", err, io.EOF)
			}))
			uvtest.Check(t, b.ReadStop())
			uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
				ends.Inc()
				uvtest.IsErr(t, "read", err, io.EOF)
			}))
			looptest.Turn(t, l, 5)
		}
		uvtest.CloseAll(t, a, b)
		looptest.Run(t, l)
	})
}

func TestHeldErrorComesOnce(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		// Two streams have something in one turn: the first's callback stops the
		// second, whose reset has been noticed by then.
		a, b := looptest.Pair(t, l)
		c, d := looptest.Pair(t, l)
		_, err := c.Write([]byte("x"))
		uvtest.Check(t, err)
		uvtest.Check(t, a.CloseReset())
		looptest.Poll(t, l, func() bool { return unread(t, d) == 1 && hungUp(t, b, unix.POLLHUP) })
		uvtest.Check(t, d.ReadStart(func(p []byte, err error) {
			uvtest.Check(t, err)
			uvtest.Check(t, b.ReadStop())
		}))
		uvtest.Check(t, b.ReadStart(func(p []byte, err error) { t.Errorf("read %q, %v after ReadStop", p, err) }))
		looptest.Turn(t, l, 5)
		if b.Readable() {
			t.Error("the reset was not noticed in that turn: the test shows nothing")
		}
		ends := uvtest.NewCounter(t, "error", 1)
		uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
			ends.Inc()
			uvtest.IsErr(t, "read", err, uv.ECONNRESET)
		}))
		looptest.Turn(t, l, 5)
		uvtest.IsErr(t, "reading on", b.ReadStart(func([]byte, error) {}), uv.ENOTCONN)
		uvtest.CloseAll(t, b, c, d)
		looptest.Run(t, l)
	})
}

// hungUp tells whether the kernel reports one of the events on a socket.
func hungUp(t testing.TB, s interface{ FD() (int, error) }, events int16) bool {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(uvtest.Must(s.FD())), Events: events}}
	for {
		_, err := unix.Poll(fds, 0)
		if err == unix.EINTR {
			continue
		}
		uvtest.Check(t, err)
		return fds[0].Revents&events != 0
	}
}

func TestHeldChunksSurviveAPanic(t *testing.T) {
	var panics []any
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		panics = nil
		data := uvtest.Pattern(600<<10, 5)
		a, b, got := stopped(t, l, data)
		uvtest.Check(t, a.Shutdown(nil))
		ended := uvtest.NewCounter(t, "end of the stream", 1)
		n := 0
		uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
			got = append(got, p...)
			if err != nil {
				ended.Inc()
				uvtest.IsErr(t, "read", err, io.EOF)
				uvtest.CloseAll(t, a, b)
			}
			if n++; n <= 2 {
				panic(n)
			}
		}))
		looptest.Run(t, l)
		if len(panics) != 2 {
			t.Errorf("%d panics were reported, want 2", len(panics))
		}
		if !bytes.Equal(got, data) {
			t.Errorf("%d of %d bytes arrived, or in another order", len(got), len(data))
		}
	}, uvgo.WithPanicHandler(func(p *uv.PanicError) { panics = append(panics, p.Value) }))
}

// TestKeptChunksDoNotGrow has a callback stop reading at each chunk and start again later, while the peer sends all the time. What C
// reads in a turn of ReadStop is kept. It must not become more and more.
func TestKeptChunksDoNotGrow(t *testing.T) {
	l := looptest.New(t)
	a, b := looptest.Pair(t, l)
	const total = 32 << 20
	block, sent, got := make([]byte, 256<<10), 0, 0 // sent: whole writes
	var send func(error)
	send = func(err error) {
		uvtest.Check(t, err)
		if sent += len(block); sent < total {
			uvtest.Check(t, a.WriteFunc(send, block))
			return
		}
		uvtest.Check(t, a.Close())
	}
	uvtest.Check(t, a.WriteFunc(send, block))
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var read func(p []byte, err error)
	read = func(p []byte, err error) {
		if err != nil {
			uvtest.IsErr(t, "read", err, io.EOF)
			uvtest.Check(t, b.Close())
			return
		}
		if got += len(p); got%(4<<20) < len(p) {
			runtime.GC()
			runtime.ReadMemStats(&during)
			if during.HeapInuse > before.HeapInuse+8<<20 {
				t.Fatalf("%d MiB are in use behind %d MiB", during.HeapInuse>>20, got>>20)
			}
		}
		uvtest.Check(t, b.ReadStop())
		_ = uvtest.Must(l.AfterFunc(0, func() { uvtest.Check(t, b.ReadStart(read)) }))
	}
	uvtest.Check(t, b.ReadStart(read))
	looptest.Run(t, l)
	if got != total {
		t.Errorf("%d bytes arrived, want %d", got, total)
	}
}
