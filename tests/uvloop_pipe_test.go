package tests

import (
	"fmt"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() {
	uvloopTests.add(suite{"pty": func(t *testing.T) {
		t.Run("output", onEachLoop(testPtyOutput))
		t.Run("input", onEachLoop(testPtyInput))
		t.Run("reader_closes", onEachLoop(testPipeReaderCloses))
		t.Run("socket_closes", onEachLoop(testSocketReaderCloses))
		t.Run("full", onEachLoop(testPipeFull))
	}})
}

// openPty returns both ends of a new pseudoterminal in raw mode; the caller
// closes them.
func openPty(t testing.TB) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	check(t, err)
	fd := int(master.Fd())
	check(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", must(unix.IoctlGetInt(fd, unix.TIOCGPTN))), os.O_RDWR|unix.O_NOCTTY, 0)
	check(t, err)
	mode := must(unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS))
	mode.Lflag &^= unix.ECHO | unix.ICANON | unix.ISIG
	mode.Oflag &^= unix.OPOST
	check(t, unix.IoctlSetTermios(int(slave.Fd()), unix.TCSETS, mode))
	return master, slave
}

// pipeOf makes a handle of a descriptor and closes the descriptor.
func pipeOf(t testing.TB, l *uvgo.Loop, f *os.File) *handles.Pipe {
	t.Helper()
	p := must(l.NewPipe())
	check(t, p.Open(f.Fd()))
	check(t, f.Close())
	return p
}

// testPtyOutput reads what is written to a terminal until nobody has it open,
// which the kernel calls an I/O error.
func testPtyOutput(t *testing.T, l *uvgo.Loop) {
	master, slave := openPty(t)
	p := pipeOf(t, l, master)
	ended := uvtest.NewCounter(t, "end", 1)
	got := ""
	check(t, p.ReadStart(func(b []byte, err error) {
		got += string(b)
		if err != nil {
			isErr(t, "end of a terminal", err, unix.EIO)
			ended.Inc()
			closeAll(t, p)
			return
		}
		switch got {
		case "1":
			must(slave.WriteString("2345"))
		case "12345":
			check(t, slave.Close())
		}
	}))
	must(slave.WriteString("1"))
	looptest.Run(t, l)
	if got != "12345" {
		t.Errorf("got %q", got)
	}
}

// testPtyInput writes to a terminal through its master.
func testPtyInput(t *testing.T, l *uvgo.Loop) {
	master, slave := openPty(t)
	p := pipeOf(t, l, master)
	buf := make([]byte, 5)
	must(p.Write([]byte("1")))
	check(t, p.WriteFunc(func(err error) {
		check(t, err)
		must(io.ReadFull(slave, buf))
		closeAll(t, p)
	}, []byte("2345")))
	looptest.Run(t, l)
	if string(buf) != "12345" {
		t.Errorf("got %q", buf)
	}
	check(t, slave.Close())
}

// testPipeReaderCloses: the writer of a pipe whose reader goes learns of it from
// the bytes that wait, and from the next write.
func testPipeReaderCloses(t *testing.T, l *uvgo.Loop) {
	r, w, err := handles.PipePair()
	check(t, err)
	p := pipeOf(t, l, w)
	if p.Readable() || !p.Writable() {
		t.Error("the writing end of a pipe can be read, or not written")
	}
	isErr(t, "reading from it", p.ReadStart(func([]byte, error) {}), unix.ENOTCONN)
	told := uvtest.NewCounter(t, "failure reports", 1)
	p.OnWritten(func(queued int, err error) {
		isErr(t, "queued write", err, unix.EPIPE)
		told.Inc()
	})
	must(p.Write(make([]byte, 1<<20)))
	turnNoWait(t, l)
	if p.WriteQueueSize() == 0 {
		t.Error("the pipe took all of it")
	}
	check(t, r.Close())
	looptest.Run(t, l)
	_, err = p.Write([]byte("more"))
	isErr(t, "a write after the report", err, unix.EPIPE)
	closeAll(t, p)
}

// testSocketReaderCloses: the writer of a socket whose reader goes sees its end.
func testSocketReaderCloses(t *testing.T, l *uvgo.Loop) {
	r, w, err := handles.SocketPair(unix.SOCK_STREAM, 0)
	check(t, err)
	p := pipeOf(t, l, w)
	ended := uvtest.NewCounter(t, "end", 1)
	check(t, p.ReadStart(func(_ []byte, err error) {
		isErr(t, "read", err, io.EOF)
		ended.Inc()
		closeAll(t, p)
	}))
	check(t, r.Close())
	looptest.Run(t, l)
}

// testPipeFull: what a full pipe does not take waits, and all of it arrives.
func testPipeFull(t *testing.T, l *uvgo.Loop) {
	r, w, err := handles.PipePair()
	check(t, err)
	p := pipeOf(t, l, w)
	const size = 1 << 20
	must(p.Write(make([]byte, size)))
	turnNoWait(t, l)
	queued := p.WriteQueueSize()
	if queued == 0 || queued >= size {
		t.Errorf("%d of %d bytes wait", queued, size)
	}
	in := pipeOf(t, l, r)
	got := 0
	check(t, in.ReadStart(func(b []byte, err error) {
		if got += len(b); err != nil {
			isErr(t, "read", err, io.EOF)
			closeAll(t, in)
		}
	}))
	check(t, p.Shutdown(func(err error) {
		if err != nil { // a pipe is no socket: shutdown(2) refuses it, the bytes went
			isErr(t, "shutdown", err, unix.ENOTSOCK)
		}
		closeAll(t, p)
	}))
	looptest.Run(t, l)
	if got != size {
		t.Errorf("%d of %d bytes arrive", got, size)
	}
}
