package libuv

import (
	"io"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

func init() {
	suite.Add(kit.Suite{
		"close_fd":         kit.PerLoop(testCloseFD),
		"closed_fd_events": kit.PerLoop(testClosedFDEvents),
	})
}

// rawPipe returns the two ends of a pipe of the kernel.
func rawPipe(t testing.TB) (r, w int) {
	t.Helper()
	var fds [2]int
	uvtest.Check(t, unix.Pipe2(fds[:], unix.O_CLOEXEC))
	return fds[0], fds[1]
}

// openPipe makes a handle of a descriptor, which the caller keeps.
func openPipe(t testing.TB, l *uvgo.Loop, fd int) *handles.Pipe {
	t.Helper()
	p := uvtest.Must(l.NewPipe())
	uvtest.Check(t, p.Open(uintptr(fd)))
	return p
}

func rawWrite(t testing.TB, fd int, text string) {
	t.Helper()
	n, err := unix.Write(fd, []byte(text))
	uvtest.Check(t, err)
	if n != len(text) {
		t.Fatalf("wrote %d of %d bytes", n, len(text))
	}
}

func testCloseFD(t *testing.T, l *uvgo.Loop) {
	r, w := rawPipe(t)
	p := openPipe(t, l, r)
	uvtest.Check(t, unix.Close(r))
	rawWrite(t, w, "x")
	uvtest.Check(t, unix.Close(w))

	// The byte and the end arrive together; the callback stops in between.
	chunks := uvtest.NewCounter(t, "chunk", 1)
	uvtest.Check(t, p.ReadStart(func(b []byte, err error) {
		chunks.Inc()
		if string(b) != "x" || err != nil {
			t.Errorf("read %q, %v", b, err)
		}
		uvtest.Check(t, p.ReadStop())
	}))
	looptest.Run(t, l) // ends, for nothing is active any more
	if p.Active() {
		t.Error("active after ReadStop")
	}
	ends := uvtest.NewCounter(t, "end", 1)
	uvtest.Check(t, p.ReadStart(func(b []byte, err error) {
		ends.Inc()
		if err != io.EOF || len(b) != 0 {
			t.Errorf("read %q, %v", b, err)
		}
	}))
	if ends.N() != 0 {
		t.Error("the end came inside the call")
	}
	looptest.Run(t, l)
	if p.Active() || p.Closing() {
		t.Errorf("after the end: active %v, closing %v", p.Active(), p.Closing())
	}
	uvtest.CloseAll(t, p)
}

func testClosedFDEvents(t *testing.T, l *uvgo.Loop) {
	r, w := rawPipe(t) // r stays open: the kernel goes on to watch what it stands for
	defer unix.Close(r)
	defer unix.Close(w)
	p := openPipe(t, l, r)
	reads := uvtest.NewCounter(t, "read callback", 1)
	closed := uvtest.NewCounter(t, "close callback", 1)
	uvtest.Check(t, p.ReadStart(func(b []byte, err error) {
		reads.Inc()
		if string(b) != "x" || err != nil {
			t.Errorf("read %q, %v", b, err)
		}
	}))
	rawWrite(t, w, "x")
	looptest.Until(t, l, func() bool { return reads.N() == 1 })
	p.OnClose(closed.Inc)
	uvtest.CloseAll(t, p)
	rawWrite(t, w, "y") // before C closes it
	looptest.Until(t, l, func() bool { return closed.N() == 1 })
	rawWrite(t, w, "z") // and afterwards
	idleTurns(t, l, 20*time.Millisecond)
	if n := unread(t, r); n != 2 {
		t.Errorf("%d bytes are unread in the pipe, want 2", n)
	}
}
