package tests

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
	"github.com/uvgo/uvgo/uv"
)

func init() {
	uvloopTests.add(suite{
		"dial_refused":         onEachLoop(testDialRefused),
		"dial_cancelled":       onEachLoop(testDialCancelled),
		"dial_cancel_fd_reuse": onEachLoop(testDialCancelFDReuse),
		"double_half_close":    onEachLoop(testDoubleHalfClose),
		"snapshot_on_write":    onEachLoop(testSnapshotOnWrite),
		"reset_is_reset":       onEachLoop(testResetIsReset),
		"big_send_cancel":      onEachLoop(testBigSendCancel),
	})
}

// sparedFDs counts descriptors once the loop has what it opens for its first
// stream.
func sparedFDs(t *testing.T, l *uvgo.Loop) int {
	t.Helper()
	closeAll(t, newTCP(t, l))
	looptest.Run(t, l)
	return uvtest.FDs()
}

func testDialRefused(t *testing.T, l *uvgo.Loop) {
	addr := refusingAddr(t)
	fds := sparedFDs(t, l)
	const dials = 20
	refused := uvtest.NewCounter(t, "connect callbacks", dials)
	for range dials {
		c := newTCP(t, l)
		check(t, c.Connect(addr, func(err error) {
			refused.Inc()
			isErr(t, "connect", err, uv.ECONNREFUSED)
			isErr(t, "connect", err, syscall.ECONNREFUSED)
			closeAll(t, c)
		}))
	}
	looptest.Run(t, l)
	if n := uvtest.FDs(); n != fds {
		t.Errorf("%d descriptors, %d before", n, fds)
	}
}

func testDialCancelled(t *testing.T, l *uvgo.Loop) {
	addr := silentAddr(t)
	fds := sparedFDs(t, l)
	const dials = 20
	var j journal
	cancelled := uvtest.NewCounter(t, "connect callbacks", dials)
	for i := range dials {
		c := newTCP(t, l)
		connected := false
		check(t, c.Connect(addr, func(err error) {
			cancelled.Inc()
			connected = true
			isErr(t, "connect", err, uv.ECANCELED)
		}))
		c.OnClose(func() {
			if !connected {
				j.add("closed before its connect callback")
			}
		})
		if i%2 == 0 {
			turnNoWait(t, l) // some are cancelled before the kernel knows of them
		}
		if connected {
			t.Error("connect callback although nobody answers")
		}
		closeAll(t, c)
		if connected {
			t.Error("connect callback inside Close")
		}
	}
	looptest.Run(t, l)
	j.want(t)
	if n := uvtest.FDs(); n != fds {
		t.Errorf("%d descriptors, %d before", n, fds)
	}
}

// testDialCancelFDReuse: the caller closes the descriptor that the handle has
// adopted, and its number goes to something else.
func testDialCancelFDReuse(t *testing.T, l *uvgo.Loop) {
	addr := silentAddr(t)
	fd := must(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0))
	c := newTCP(t, l)
	check(t, c.Open(uintptr(fd)))
	cancelled := uvtest.NewCounter(t, "connect callback", 1)
	check(t, c.Connect(addr, func(err error) {
		cancelled.Inc()
		isErr(t, "connect", err, uv.ECANCELED)
	}))
	turnNoWait(t, l)
	check(t, unix.Close(fd))
	var pipe [2]int
	check(t, unix.Pipe2(pipe[:], unix.O_CLOEXEC))
	recycled := os.NewFile(uintptr(pipe[0]), "read end")
	writer := os.NewFile(uintptr(pipe[1]), "write end")
	defer recycled.Close()
	defer writer.Close()
	if pipe[0] != fd && pipe[1] != fd {
		t.Fatalf("descriptor %d was not recycled: the pipe is %v", fd, pipe)
	}
	closeAll(t, c)
	looptest.Run(t, l)
	runtime.GC()
	must(writer.Write([]byte("alive")))
	got := make([]byte, 5)
	if _, err := io.ReadFull(recycled, got); err != nil || string(got) != "alive" {
		t.Errorf("the recycled descriptor reads %q, %v", got, err)
	}
}

func testDoubleHalfClose(t *testing.T, l *uvgo.Loop) {
	a, b := tcpPair(t, l)
	must(a.Write([]byte("last words")))
	ended := uvtest.NewCounter(t, "shutdown callback", 1)
	check(t, a.Shutdown(func(err error) {
		ended.Inc()
		check(t, err)
	}))
	for range 2 {
		isErr(t, "the second shutdown", a.Shutdown(func(error) { t.Error("a refused shutdown calls back") }), uv.ENOTCONN)
		turnNoWait(t, l)
	}
	var got, back []byte
	eof := uvtest.NewCounter(t, "EOF", 2)
	check(t, b.ReadStart(func(p []byte, err error) {
		if got = append(got, p...); err == nil {
			return
		}
		eof.Inc()
		isErr(t, "read", err, io.EOF)
		must(b.Write([]byte("still heard")))
		check(t, b.Shutdown(func(error) { b.Close() }))
	}))
	check(t, a.ReadStart(func(p []byte, err error) {
		if back = append(back, p...); err == nil {
			return
		}
		eof.Inc()
		isErr(t, "read", err, io.EOF)
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
	a, b := tcpPair(t, l)
	var want []byte
	for i, n := range []int{1, 100, 4096, 60_000, 70_000, 1 << 20, 8 << 20, 10, 65_536, 300_000} {
		p := pattern(n, uint32(i))
		want = append(want, p...)
		if m, err := a.Write(p); m != n || err != nil {
			t.Errorf("write of %d: %d, %v", n, m, err)
		}
		clear(p)
	}
	if a.WriteQueueSize() == 0 {
		t.Error("the kernel has taken all: nothing was queued")
	}
	check(t, a.Shutdown(func(error) { a.Close() }))
	var got []byte
	check(t, b.ReadStart(func(p []byte, err error) {
		if got = append(got, p...); err != nil {
			isErr(t, "read", err, io.EOF)
			b.Close()
		}
	}))
	looptest.Run(t, l)
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes came of %d, or others than were written", len(got), len(want))
	}
}

func testResetIsReset(t *testing.T, l *uvgo.Loop) {
	ln := must(net.Listen("tcp", anyPort.String()))
	defer ln.Close()
	for _, writing := range []bool{false, true} {
		c := newTCP(t, l)
		connected := false
		check(t, c.Connect(ln.Addr().(*net.TCPAddr).AddrPort(), func(err error) {
			check(t, err)
			connected = true
		}))
		peer := must(ln.Accept())
		turnUntil(t, l, func() bool { return connected })
		ends := uvtest.NewCounter(t, "ends of reading", 1)
		check(t, c.ReadStart(func(p []byte, err error) {
			ends.Inc()
			isErr(t, "read", err, uv.ECONNRESET)
			isErr(t, "read", err, syscall.ECONNRESET)
			if errors.Is(err, uv.ECANCELED) {
				t.Errorf("%v is a cancellation", err)
			}
			if !writing {
				closeAll(t, c)
			}
		}))
		if writing {
			written := uvtest.NewCounter(t, "ends of writing", 1)
			check(t, c.WriteFunc(func(err error) {
				written.Inc()
				if !errors.Is(err, uv.ECONNRESET) && !errors.Is(err, uv.EPIPE) {
					t.Errorf("the write under way ends with %v", err)
				}
				closeAll(t, c)
			}, make([]byte, 16<<20)))
			turnNoWait(t, l)
		}
		reset(peer)
		awaitHangup(t, must(c.FD())) // or a write that follows close could take the error
		looptest.Run(t, l)
	}
}

func testBigSendCancel(t *testing.T, l *uvgo.Loop) {
	const size = 200 << 20
	fds := sparedFDs(t, l)
	a, b := tcpPair(t, l)
	big := make([]byte, size)
	got := 0
	check(t, b.ReadStart(func(p []byte, err error) {
		if err != nil {
			b.Close()
			return
		}
		if got += len(p); got > 4<<20 && !a.Closing() { // it is well under way
			closeAll(t, a)
		}
	}))
	done := uvtest.NewCounter(t, "write callback", 1)
	closed := false
	a.OnClose(func() { closed = true })
	check(t, a.WriteFunc(func(err error) {
		done.Inc()
		isErr(t, "write", err, uv.ECANCELED)
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
