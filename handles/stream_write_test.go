package handles_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// collect reads a stream to its end, a chunk every few turns, and closes it.
// got is complete when the loop has no work left.
func collect(t testing.TB, l *uvgo.Loop, s handles.Stream) (got *[]byte) {
	t.Helper()
	got = new([]byte)
	ended := uvtest.NewCounter(t, "end of the stream", 1)
	var read func(p []byte, err error)
	pause := uvtest.Must(l.NewIdle())
	read = func(p []byte, err error) {
		*got = append(*got, p...)
		if err != nil {
			uvtest.IsErr(t, "read", err, io.EOF)
			ended.Inc()
			uvtest.CloseAll(t, s, pause)
			return
		}
		uvtest.Check(t, s.ReadStop())
		turns := 0
		uvtest.Check(t, pause.Start(func() {
			if turns++; turns == 3 {
				uvtest.Check(t, pause.Stop())
				uvtest.Check(t, s.ReadStart(read))
			}
		}))
	}
	uvtest.Check(t, s.ReadStart(read))
	return got
}

// garbage makes the collector run all the time while the test lasts.
func garbage(t testing.TB, l *uvgo.Loop) (stop func()) {
	t.Helper()
	old := debug.SetGCPercent(1)
	t.Cleanup(func() { debug.SetGCPercent(old) })
	var sink [][]byte
	c := uvtest.Must(l.NewCheck())
	n := 0
	uvtest.Check(t, c.Start(func() {
		sink = nil
		for i := range 16 {
			sink = append(sink, bytes.Repeat([]byte{0xdb}, 1<<(8+i%8)))
		}
		if n++; n%16 == 0 {
			runtime.GC()
		}
	}))
	c.Unref()
	return func() { c.Close() }
}

func TestWriteFuncWithManyBuffers(t *testing.T) {
	for _, bufs := range []int{1, 2, 3, 64, 65, 1024, 1025, 5000, 8191, 8192, 20000} {
		for _, size := range []int{1, 100, 70000} {
			if bufs*size > 8<<20 {
				continue
			}
			t.Run(fmt.Sprintf("%d of %d bytes", bufs, size), func(t *testing.T) {
				looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) { testManyBuffers(t, l, bufs, size) })
			})
		}
	}
	t.Run("small arena", func(t *testing.T) {
		l := looptest.New(t, smallArenas)
		testManyBuffers(t, l, 5000, 300)
	})
}

func testManyBuffers(t *testing.T, l *uvgo.Loop, bufs, size int) {
	a, b := looptest.Pair(t, l)
	got := collect(t, l, b)
	stop := garbage(t, l)
	var want []byte
	last := -1
	const writes = 3
	for i := range writes {
		func() { // after it only the library refers to the buffers
			vec := make([][]byte, 0, bufs)
			for j := range bufs {
				switch j % 7 {
				case 3:
					vec = append(vec, nil)
				case 5:
					vec = append(vec, []byte{})
				default:
					vec = append(vec, uvtest.Pattern(size, uint32(i*bufs+j)))
				}
				want = append(want, vec[j]...)
			}
			uvtest.Check(t, a.WriteFunc(func(err error) {
				uvtest.Check(t, err)
				if last++; last != i {
					t.Errorf("completion %d is that of write %d", last, i)
				}
			}, vec...))
			clear(vec) // only the bytes are lent, not the list of them
		}()
	}
	uvtest.Check(t, a.Shutdown(func(err error) {
		uvtest.Check(t, err)
		if last != writes-1 {
			t.Errorf("the shutdown is through after %d of %d writes", last+1, writes)
		}
		uvtest.CloseAll(t, a)
		stop()
	}))
	looptest.Run(t, l)
	if last != writes-1 {
		t.Errorf("%d of %d writes completed", last+1, writes)
	}
	if !bytes.Equal(*got, want) {
		t.Errorf("%d of %d bytes arrived, or in another order", len(*got), len(want))
	}
}

// TestWriteBorrowsOnly changes the bytes as soon as Write has returned, for sizes
// around the limits of the arenas, both when the kernel takes them and when it does
// not.
func TestWriteBorrowsOnly(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		for _, blocked := range []bool{false, true} {
			a, b := looptest.Pair(t, l)
			var want []byte
			write := func(p []byte) {
				want = append(want, p...)
				n, err := a.Write(p)
				if n != len(p) || err != nil {
					t.Fatalf("write of %d: %d, %v", len(p), n, err)
				}
				for i := range p {
					p[i] = 0xee
				}
			}
			if blocked { // more than the kernel takes while nobody reads
				write(uvtest.Pattern(8<<20, 99))
			}
			for i, n := range []int{1, 2, 15, 16, 17, 4096, 4097, 64<<10 - 1, 64 << 10, 64<<10 + 1, 256 << 10, 1 << 20, 3} {
				write(uvtest.Pattern(n, uint32(i)))
				write(uvtest.Pattern(7, uint32(i)))
			}
			for i := range 2000 { // more small ones than the arena holds
				write(uvtest.Pattern(500, uint32(i)))
			}
			for i := range 9000 { // more submissions than the ring holds
				write(uvtest.Pattern(3, uint32(i)))
			}
			uvtest.Check(t, a.Shutdown(func(err error) {
				uvtest.Check(t, err)
				uvtest.CloseAll(t, a)
			}))
			got := collect(t, l, b)
			looptest.Run(t, l)
			if !bytes.Equal(*got, want) {
				t.Errorf("blocked %v: %d of %d bytes arrived, or in another order", blocked, len(*got), len(want))
			}
		}
	})
}

// TestWriteOrder mixes all ways of writing. A turn's writes are sent in the order of
// the calls, and their callbacks run in the same order.
func TestWriteOrder(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		a, b := looptest.Pair(t, l)
		var want []byte
		calls, completed := 0, 0
		for i := range 3000 {
			p := uvtest.Pattern(1+i*i%6000, uint32(i))
			want = append(want, p...)
			switch i % 5 {
			case 0, 1:
				_, err := a.Write(p)
				uvtest.Check(t, err)
				continue
			case 2:
				uvtest.Check(t, a.WriteFunc(nil, p))
				continue
			}
			call := calls
			calls++
			bufs := [][]byte{p}
			if i%5 == 4 {
				bufs = [][]byte{p[:len(p)/2], nil, p[len(p)/2:]}
			}
			uvtest.Check(t, a.WriteFunc(func(err error) {
				uvtest.Check(t, err)
				if completed != call {
					t.Errorf("completion %d is that of write %d", completed, call)
				}
				completed++
			}, bufs...))
			if i%500 == 499 {
				looptest.Turn(t, l, 1)
			}
		}
		uvtest.Check(t, a.Shutdown(func(err error) {
			uvtest.Check(t, err)
			uvtest.CloseAll(t, a)
		}))
		got := collect(t, l, b)
		looptest.Run(t, l)
		if completed != calls {
			t.Errorf("%d of %d writes completed", completed, calls)
		}
		if !bytes.Equal(*got, want) {
			t.Errorf("%d of %d bytes arrived, or in another order", len(*got), len(want))
		}
	})
}

// TestWriteCompletionsKeepOrder: the first write takes several system calls, so part of
// it goes through libuv's queue, although the kernel could take it all. The second
// write could be sent at once, but its callback must run after the first one's.
func TestWriteCompletionsKeepOrder(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		a, b := looptest.Pair(t, l)
		order := ""
		note := func(s string) func(error) {
			return func(err error) {
				uvtest.IsErr(t, "write", err, nil)
				order += s
			}
		}
		vec := make([][]byte, 1100) // a writev takes 1024
		for i := range vec {
			vec[i] = make([]byte, 4)
		}
		uvtest.Check(t, a.WriteFunc(note("a"), vec...))
		uvtest.Check(t, a.WriteFunc(note("b"), []byte("x")))
		if n := a.WriteQueueSize(); n != 0 {
			t.Fatalf("the kernel left %d bytes: the test shows nothing", n)
		}
		if order != "" {
			t.Error("callbacks run inside a call")
		}
		looptest.Turn(t, l, 3)

		// An empty write that waits for the connection counts no bytes.
		s, addr := looptest.Listen(t, l, func(c *handles.TCP, err error) {
			uvtest.Check(t, err)
			uvtest.CloseAll(t, c)
		})
		c := uvtest.Must(l.NewTCP())
		uvtest.Check(t, c.Connect(addr, func(err error) {
			note("c")(err)
			uvtest.Check(t, c.WriteFunc(note("e"), []byte("x")))
		}))
		uvtest.Check(t, c.WriteFunc(note("d"), nil))
		looptest.Until(t, l, func() bool { return len(order) >= 5 })
		if order != "abcde" {
			t.Errorf("the completions come as %q", order)
		}
		uvtest.CloseAll(t, a, b, c, s)
	})
}

// TestWriteBetweenOtherOperations: other operations on a stream divide a turn's
// writes to it, and the turn still ends.
func TestWriteBetweenOtherOperations(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		a, b := looptest.Pair(t, l)
		c, d := looptest.Pair(t, l)
		got, got2 := collect(t, l, b), collect(t, l, d)
		write := func(s handles.Stream, text string) {
			_, err := s.Write([]byte(text))
			uvtest.Check(t, err)
		}
		read := func([]byte, error) {}
		write(a, "1")
		write(c, "6")
		uvtest.Check(t, a.ReadStart(read))
		write(a, "2")
		uvtest.Check(t, a.ReadStop())
		write(c, "7")
		write(a, "3")
		a.Unref()
		uvtest.Check(t, c.ReadStart(read))
		write(a, "4")
		a.Ref()
		write(c, "8")
		write(a, "5")
		uvtest.Check(t, a.Shutdown(func(error) { uvtest.CloseAll(t, a) }))
		uvtest.Check(t, c.Shutdown(func(error) { uvtest.CloseAll(t, c) }))
		looptest.Run(t, l)
		if string(*got) != "12345" || string(*got2) != "678" {
			t.Errorf("the peers got %q and %q", *got, *got2)
		}
	})
}

// TestWriteFuncReleasesBuffers: the library no longer refers to lent bytes when the
// callback runs, however the write ends.
func TestWriteFuncReleasesBuffers(t *testing.T) {
	l := looptest.New(t)
	for _, sent := range []bool{true, false} {
		a, b := looptest.Pair(t, l)
		freed := make(chan struct{}, 1)
		done := uvtest.NewCounter(t, "write callback", 1)
		func() {
			big := make([]byte, 1<<20)
			runtime.AddCleanup(&big[0], func(int) { freed <- struct{}{} }, 0)
			n := 1
			if !sent {
				n = 16
			}
			for i := range n {
				uvtest.Check(t, a.WriteFunc(func(err error) {
					if i == 0 {
						done.Inc()
					}
					if sent {
						uvtest.Check(t, err)
					} else if err != nil {
						uvtest.IsErr(t, "write", err, uv.ECANCELED)
					}
				}, big))
			}
		}()
		looptest.Turn(t, l, 2)
		if !sent {
			for range 3 {
				runtime.GC()
			}
			select {
			case <-freed:
				t.Error("the bytes were collected while they were lent")
			default:
			}
			uvtest.CloseAll(t, a)
		} else {
			uvtest.Check(t, b.ReadStart(func(p []byte, err error) {}))
		}
		looptest.Until(t, l, func() bool { return done.N() == 1 })
		looptest.Turn(t, l, 3)
		for range 10 {
			runtime.GC()
		}
		<-freed
		uvtest.CloseAll(t, a, b)
		looptest.Run(t, l)
	}
}
