package uvloop

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"dial_refused":         kit.PerLoop(testDialRefused),
		"dial_cancelled":       kit.PerLoop(testDialCancelled),
		"dial_cancel_fd_reuse": kit.PerLoop(testDialCancelFDReuse),
		"double_half_close":    kit.PerLoop(testDoubleHalfClose),
		"snapshot_on_write":    kit.PerLoop(testSnapshotOnWrite),
		"reset_is_reset":       kit.PerLoop(testResetIsReset),
		"big_send_cancel":      kit.PerLoop(testBigSendCancel),
	})
}

// sparedFDs counts descriptors once the loop has what it opens for its first
// stream.
func sparedFDs(t *testing.T, l *uvgo.Loop) int {
	t.Helper()
	uvtest.CloseAll(t, kit.NewTCP(t, l))
	looptest.Run(t, l)
	return uvtest.FDs()
}

func testDialRefused(t *testing.T, l *uvgo.Loop) {
	addr := uvtest.RefusingTCP(t).AddrPort()
	fds := sparedFDs(t, l)
	const dials = 20
	refused := uvtest.NewCounter(t, "connect callbacks", dials)
	for range dials {
		c := kit.NewTCP(t, l)
		uvtest.Check(t, c.Connect(addr, func(err error) {
			refused.Inc()
			uvtest.IsErr(t, "connect", err, uv.ECONNREFUSED)
			uvtest.IsErr(t, "connect", err, syscall.ECONNREFUSED)
			uvtest.CloseAll(t, c)
		}))
	}
	looptest.Run(t, l)
	if n := uvtest.FDs(); n != fds {
		t.Errorf("%d descriptors, %d before", n, fds)
	}
}

func testDialCancelled(t *testing.T, l *uvgo.Loop) {
	addr := kit.SilentAddr(t)
	fds := sparedFDs(t, l)
	const dials = 20
	var j kit.Journal
	cancelled := uvtest.NewCounter(t, "connect callbacks", dials)
	for i := range dials {
		c := kit.NewTCP(t, l)
		connected := false
		uvtest.Check(t, c.Connect(addr, func(err error) {
			cancelled.Inc()
			connected = true
			uvtest.IsErr(t, "connect", err, uv.ECANCELED)
		}))
		c.OnClose(func() {
			if !connected {
				j.Add("closed before its connect callback")
			}
		})
		if i%2 == 0 {
			looptest.TurnNoWait(t, l) // some are cancelled before the kernel knows of them
		}
		if connected {
			t.Error("connect callback although nobody answers")
		}
		uvtest.CloseAll(t, c)
		if connected {
			t.Error("connect callback inside Close")
		}
	}
	looptest.Run(t, l)
	j.Want(t)
	if n := uvtest.FDs(); n != fds {
		t.Errorf("%d descriptors, %d before", n, fds)
	}
}

// testDialCancelFDReuse: the caller closes the descriptor that the handle has
// adopted, and its number goes to something else.
func testDialCancelFDReuse(t *testing.T, l *uvgo.Loop) {
	addr := kit.SilentAddr(t)
	fd := uvtest.Must(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0))
	c := kit.NewTCP(t, l)
	uvtest.Check(t, c.Open(uintptr(fd)))
	cancelled := uvtest.NewCounter(t, "connect callback", 1)
	uvtest.Check(t, c.Connect(addr, func(err error) {
		cancelled.Inc()
		uvtest.IsErr(t, "connect", err, uv.ECANCELED)
	}))
	looptest.TurnNoWait(t, l)
	uvtest.Check(t, unix.Close(fd))
	var pipe [2]int
	uvtest.Check(t, unix.Pipe2(pipe[:], unix.O_CLOEXEC))
	recycled := os.NewFile(uintptr(pipe[0]), "read end")
	writer := os.NewFile(uintptr(pipe[1]), "write end")
	defer recycled.Close()
	defer writer.Close()
	if pipe[0] != fd && pipe[1] != fd {
		t.Fatalf("descriptor %d was not recycled: the pipe is %v", fd, pipe)
	}
	uvtest.CloseAll(t, c)
	looptest.Run(t, l)
	runtime.GC()
	uvtest.Must(writer.Write([]byte("alive")))
	got := make([]byte, 5)
	if _, err := io.ReadFull(recycled, got); err != nil || string(got) != "alive" {
		t.Errorf("the recycled descriptor reads %q, %v", got, err)
	}
}

func testDoubleHalfClose(t *testing.T, l *uvgo.Loop) {
	a, b := looptest.Pair(t, l)
	uvtest.Must(a.Write([]byte("last words")))
	ended := uvtest.NewCounter(t, "shutdown callback", 1)
	uvtest.Check(t, a.Shutdown(func(err error) {
		ended.Inc()
		uvtest.Check(t, err)
	}))
	for range 2 {
		uvtest.IsErr(t, "the second shutdown", a.Shutdown(func(error) { t.Error("a refused shutdown calls back") }), uv.ENOTCONN)
		looptest.TurnNoWait(t, l)
	}
	var got, back []byte
	eof := uvtest.NewCounter(t, "EOF", 2)
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
		if got = append(got, p...); err == nil {
			return
		}
		eof.Inc()
		uvtest.IsErr(t, "read", err, io.EOF)
		uvtest.Must(b.Write([]byte("still heard")))
		uvtest.Check(t, b.Shutdown(func(error) { b.Close() }))
	}))
	uvtest.Check(t, a.ReadStart(func(p []byte, err error) {
		if back = append(back, p...); err == nil {
			return
		}
		eof.Inc()
		uvtest.IsErr(t, "read", err, io.EOF)
		a.Close()
	}))
	looptest.Run(t, l)
	if string(got) != "last words" || string(back) != "still heard" {
		t.Errorf("got %q and %q", got, back)
	}
}

// testSnapshotOnWrite changes the bytes as soon as Write has returned: small
// ones, ones for the arena, large ones, and ones that the kernel does not take.
func testSnapshotOnWrite(t *testing.T, l *uvgo.Loop) {
	a, b := looptest.Pair(t, l)
	var want []byte
	for i, n := range []int{1, 100, 4096, 60_000, 70_000, 1 << 20, 8 << 20, 10, 65_536, 300_000} {
		p := uvtest.Pattern(n, uint32(i))
		want = append(want, p...)
		if m, err := a.Write(p); m != n || err != nil {
			t.Errorf("write of %d: %d, %v", n, m, err)
		}
		clear(p)
	}
	if a.WriteQueueSize() == 0 {
		t.Error("the kernel has taken all: nothing was queued")
	}
	uvtest.Check(t, a.Shutdown(func(error) { a.Close() }))
	var got []byte
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
		if got = append(got, p...); err != nil {
			uvtest.IsErr(t, "read", err, io.EOF)
			b.Close()
		}
	}))
	looptest.Run(t, l)
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes came of %d, or others than were written", len(got), len(want))
	}
}

func testResetIsReset(t *testing.T, l *uvgo.Loop) {
	ln := uvtest.Must(net.Listen("tcp", looptest.Loopback.String()))
	defer ln.Close()
	for _, writing := range []bool{false, true} {
		c := kit.NewTCP(t, l)
		connected := false
		uvtest.Check(t, c.Connect(ln.Addr().(*net.TCPAddr).AddrPort(), func(err error) {
			uvtest.Check(t, err)
			connected = true
		}))
		peer := uvtest.Must(ln.Accept())
		looptest.Until(t, l, func() bool { return connected })
		ends := uvtest.NewCounter(t, "ends of reading", 1)
		uvtest.Check(t, c.ReadStart(func(p []byte, err error) {
			ends.Inc()
			uvtest.IsErr(t, "read", err, uv.ECONNRESET)
			uvtest.IsErr(t, "read", err, syscall.ECONNRESET)
			if errors.Is(err, uv.ECANCELED) {
				t.Errorf("%v is a cancellation", err)
			}
			if !writing {
				uvtest.CloseAll(t, c)
			}
		}))
		if writing {
			written := uvtest.NewCounter(t, "ends of writing", 1)
			uvtest.Check(t, c.WriteFunc(func(err error) {
				written.Inc()
				if !errors.Is(err, uv.ECONNRESET) && !errors.Is(err, uv.EPIPE) {
					t.Errorf("the write under way ends with %v", err)
				}
				uvtest.CloseAll(t, c)
			}, make([]byte, 16<<20)))
			looptest.TurnNoWait(t, l)
		}
		kit.Reset(peer)
		kit.AwaitHangup(t, uvtest.Must(c.FD())) // or a write that follows close could take the error
		looptest.Run(t, l)
	}
}

func testBigSendCancel(t *testing.T, l *uvgo.Loop) {
	const size = 200 << 20
	fds := sparedFDs(t, l)
	a, b := looptest.Pair(t, l)
	big := make([]byte, size)
	got := 0
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
		if err != nil {
			b.Close()
			return
		}
		if got += len(p); got > 4<<20 && !a.Closing() { // it is well under way
			uvtest.CloseAll(t, a)
		}
	}))
	done := uvtest.NewCounter(t, "write callback", 1)
	closed := false
	a.OnClose(func() { closed = true })
	uvtest.Check(t, a.WriteFunc(func(err error) {
		done.Inc()
		uvtest.IsErr(t, "write", err, uv.ECANCELED)
		if closed {
			t.Error("the write callback comes after the close callback")
		}
	}, big))
	looptest.Run(t, l)
	clear(big) // the library has let go of it
	if got >= size {
		t.Errorf("all %d bytes came", got)
	}
	if n := uvtest.FDs(); n != fds {
		t.Errorf("%d descriptors, %d before", n, fds)
	}
}
