package handles_test

import (
	"bytes"
	"io"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// heldSize is more than one chunk, and what the kernel keeps for a reader that
// is late.
const heldSize = 160 << 10

// stopped returns a connection whose end b got one chunk of data and then
// stopped reading; got is that chunk. More chunks came in the same turn, so
// they are held.
func stopped(t testing.TB, l *uvgo.Loop, data []byte) (a, b *handles.TCP, got []byte) {
	t.Helper()
	a, b = pair(t, l)
	wideReceive(t, b)
	check(t, a.WriteFunc(nil, data[:heldSize]))
	poll(t, l, func() bool { return unread(t, b) == heldSize })
	left := 0
	check(t, b.ReadStart(func(p []byte, err error) {
		check(t, err)
		got = append(got, p...)
		left = unread(t, b)
		check(t, b.ReadStop())
	}))
	until(t, l, func() bool { return len(got) > 0 })
	turn(t, l, 3)
	if len(got)+left >= heldSize {
		t.Fatal("nothing is held: the test shows nothing")
	}
	if n := unread(t, b); n != left {
		t.Errorf("%d bytes wait in the kernel after ReadStop, %d before", n, left)
	}
	check(t, a.WriteFunc(nil, data[heldSize:]))
	return a, b, got
}

func TestHeldChunksComeFirstAndInOrder(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		data := pattern(600<<10, 1)
		a, b, got := stopped(t, l, data)
		check(t, a.Shutdown(nil))
		if !l.Alive() {
			t.Error("the shutdown is not under way")
		}
		ended := uvtest.NewCounter(t, "end of the stream", 1)
		inCall := true
		check(t, b.ReadStart(func(p []byte, err error) {
			if inCall {
				t.Error("a callback runs inside ReadStart")
			}
			got = append(got, p...)
			if err != nil {
				isErr(t, "read", err, io.EOF)
				ended.Inc()
				closeAll(t, a, b)
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
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		// Every callback stops reading; it goes on at once, in the callback, from a
		// post, or turns later. The order must not depend on it.
		data := pattern(900<<10, 2)
		a, b := pair(t, l)
		wideReceive(t, b)
		check(t, a.WriteFunc(nil, data))
		check(t, a.Shutdown(nil))
		var got []byte
		n := 0
		ended := uvtest.NewCounter(t, "end of the stream", 1)
		var read func(p []byte, err error)
		start := func() { check(t, b.ReadStart(read)) }
		read = func(p []byte, err error) {
			got = append(got, p...)
			if err != nil {
				isErr(t, "read", err, io.EOF)
				ended.Inc()
				closeAll(t, a, b)
				return
			}
			check(t, b.ReadStop())
			switch n++; n % 4 {
			case 0:
				start()
			case 1:
				check(t, l.Post(start))
			case 2:
				start()
				check(t, b.ReadStop())
				start()
			case 3:
				must(l.AfterFunc(0, start))
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
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		a, b, _ := stopped(t, l, pattern(600<<10, 3))
		closed := uvtest.NewCounter(t, "close callback", 1)
		b.OnClose(closed.Inc)
		check(t, b.ReadStart(func(p []byte, err error) { t.Errorf("read %d bytes, %v after Close", len(p), err) }))
		closeAll(t, a, b)
		looptest.Run(t, l)

		// Close in the middle of delivery.
		a, b, got := stopped(t, l, pattern(600<<10, 4))
		chunks := uvtest.NewCounter(t, "chunk", 1)
		check(t, b.ReadStart(func(p []byte, err error) {
			chunks.Inc()
			check(t, err)
			got = append(got, p...)
			closeAll(t, a, b)
		}))
		looptest.Run(t, l)
		if !bytes.Equal(got, pattern(600<<10, 4)[:len(got)]) {
			t.Error("the chunk before Close differs from what was sent")
		}
	})
}

func TestHeldEndComesOnce(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		a, b := pair(t, l)
		_, err := a.Write([]byte("last"))
		check(t, err)
		check(t, a.Shutdown(nil))
		poll(t, l, func() bool { return hungUp(t, b, unix.POLLRDHUP) })
		chunks := uvtest.NewCounter(t, "chunk", 1)
		check(t, b.ReadStart(func(p []byte, err error) {
			chunks.Inc()
			if string(p) != "last" || err != nil {
				t.Errorf("read %q, %v", p, err)
			}
			check(t, b.ReadStop())
		}))
		turn(t, l, 5)
		for range 2 { // the held one, and then one that C reports anew
			ends := uvtest.NewCounter(t, "end of the stream", 1)
			check(t, b.ReadStart(func(p []byte, err error) {
				ends.Inc()
				isErr(t, "read", err, io.EOF)
			}))
			check(t, b.ReadStop())
			check(t, b.ReadStart(func(p []byte, err error) {
				ends.Inc()
				isErr(t, "read", err, io.EOF)
			}))
			turn(t, l, 5)
		}
		closeAll(t, a, b)
		looptest.Run(t, l)
	})
}

func TestHeldErrorComesOnce(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		// Two streams have something in one turn: the first's callback stops the
		// second, whose reset has been noticed by then.
		a, b := pair(t, l)
		c, d := pair(t, l)
		_, err := c.Write([]byte("x"))
		check(t, err)
		check(t, a.CloseReset())
		poll(t, l, func() bool { return unread(t, d) == 1 && hungUp(t, b, unix.POLLHUP) })
		check(t, d.ReadStart(func(p []byte, err error) {
			check(t, err)
			check(t, b.ReadStop())
		}))
		check(t, b.ReadStart(func(p []byte, err error) { t.Errorf("read %q, %v after ReadStop", p, err) }))
		turn(t, l, 5)
		if b.Readable() {
			t.Error("the reset was not noticed in that turn: the test shows nothing")
		}
		ends := uvtest.NewCounter(t, "error", 1)
		check(t, b.ReadStart(func(p []byte, err error) {
			ends.Inc()
			isErr(t, "read", err, uv.ECONNRESET)
		}))
		turn(t, l, 5)
		isErr(t, "reading on", b.ReadStart(func([]byte, error) {}), uv.ENOTCONN)
		closeAll(t, b, c, d)
		looptest.Run(t, l)
	})
}

// hungUp tells whether the kernel reports one of the events on a socket.
func hungUp(t testing.TB, s interface{ FD() (int, error) }, events int16) bool {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(must(s.FD())), Events: events}}
	for {
		_, err := unix.Poll(fds, 0)
		if err == unix.EINTR {
			continue
		}
		check(t, err)
		return fds[0].Revents&events != 0
	}
}

func TestHeldChunksSurviveAPanic(t *testing.T) {
	var panics []any
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		panics = nil
		data := pattern(600<<10, 5)
		a, b, got := stopped(t, l, data)
		check(t, a.Shutdown(nil))
		ended := uvtest.NewCounter(t, "end of the stream", 1)
		n := 0
		check(t, b.ReadStart(func(p []byte, err error) {
			got = append(got, p...)
			if err != nil {
				ended.Inc()
				isErr(t, "read", err, io.EOF)
				closeAll(t, a, b)
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
