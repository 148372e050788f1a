package uvloop

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
	"github.com/uvgo/uvgo/tests/internal/kit"
)

func init() {
	suite.Add(kit.Suite{"pty": func(t *testing.T) {
		t.Run("output", kit.PerLoop(testPtyOutput))
		t.Run("input", kit.PerLoop(testPtyInput))
		t.Run("reader_closes", kit.PerLoop(testPipeReaderCloses))
		t.Run("socket_closes", kit.PerLoop(testSocketReaderCloses))
		t.Run("full", kit.PerLoop(testPipeFull))
	}})
}

// openPty returns both ends of a new pseudoterminal in raw mode; the caller
// closes them.
func openPty(t testing.TB) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	uvtest.Check(t, err)
	fd := int(master.Fd())
	uvtest.Check(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", uvtest.Must(unix.IoctlGetInt(fd, unix.TIOCGPTN))), os.O_RDWR|unix.O_NOCTTY, 0)
	uvtest.Check(t, err)
	mode := uvtest.Must(unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS))
	mode.Lflag &^= unix.ECHO | unix.ICANON | unix.ISIG
	mode.Oflag &^= unix.OPOST
	uvtest.Check(t, unix.IoctlSetTermios(int(slave.Fd()), unix.TCSETS, mode))
	return master, slave
}

// pipeOf makes a handle of a descriptor and closes the descriptor.
func pipeOf(t testing.TB, l *uvgo.Loop, f *os.File) *handles.Pipe {
	t.Helper()
	p := uvtest.Must(l.NewPipe())
	uvtest.Check(t, p.Open(f.Fd()))
	uvtest.Check(t, f.Close())
	return p
}

// testPtyOutput reads what is written to a terminal until nobody has it open,
// which the kernel calls an I/O error.
func testPtyOutput(t *testing.T, l *uvgo.Loop) {
	master, slave := openPty(t)
	p := pipeOf(t, l, master)
	ended := uvtest.NewCounter(t, "end", 1)
	got := ""
	uvtest.Check(t, p.ReadStart(func(b []byte, err error) {
		got += string(b)
		if err != nil {
			uvtest.IsErr(t, "end of a terminal", err, unix.EIO)
			ended.Inc()
			uvtest.CloseAll(t, p)
			return
		}
		switch got {
		case "1":
			uvtest.Must(slave.WriteString("2345"))
		case "12345":
			uvtest.Check(t, slave.Close())
		}
	}))
	uvtest.Must(slave.WriteString("1"))
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
	uvtest.Must(p.Write([]byte("1")))
	uvtest.Check(t, p.WriteFunc(func(err error) {
		uvtest.Check(t, err)
		uvtest.Must(io.ReadFull(slave, buf))
		uvtest.CloseAll(t, p)
	}, []byte("2345")))
	looptest.Run(t, l)
	if string(buf) != "12345" {
		t.Errorf("got %q", buf)
	}
	uvtest.Check(t, slave.Close())
}

// testPipeReaderCloses: the writer of a pipe whose reader goes learns of it from
// the bytes that wait, and from the next write.
func testPipeReaderCloses(t *testing.T, l *uvgo.Loop) {
	r, w, err := handles.PipePair()
	uvtest.Check(t, err)
	p := pipeOf(t, l, w)
	if p.Readable() || !p.Writable() {
		t.Error("the writing end of a pipe can be read, or not written")
	}
	uvtest.IsErr(t, "reading from it", p.ReadStart(func([]byte, error) {}), unix.ENOTCONN)
	told := uvtest.NewCounter(t, "failure reports", 1)
	p.OnWritten(func(queued int, err error) {
		uvtest.IsErr(t, "queued write", err, unix.EPIPE)
		told.Inc()
	})
	uvtest.Must(p.Write(make([]byte, 1<<20)))
	looptest.TurnNoWait(t, l)
	if p.WriteQueueSize() == 0 {
		t.Error("the pipe took all of it")
	}
	uvtest.Check(t, r.Close())
	looptest.Run(t, l)
	_, err = p.Write([]byte("more"))
	uvtest.IsErr(t, "a write after the report", err, unix.EPIPE)
	uvtest.CloseAll(t, p)
}

// testSocketReaderCloses: the writer of a socket whose reader goes sees its end.
func testSocketReaderCloses(t *testing.T, l *uvgo.Loop) {
	r, w, err := handles.SocketPair(unix.SOCK_STREAM, 0)
	uvtest.Check(t, err)
	p := pipeOf(t, l, w)
	ended := uvtest.NewCounter(t, "end", 1)
	uvtest.Check(t, p.ReadStart(func(_ []byte, err error) {
		uvtest.IsErr(t, "read", err, io.EOF)
		ended.Inc()
		uvtest.CloseAll(t, p)
	}))
	uvtest.Check(t, r.Close())
	looptest.Run(t, l)
}

// testPipeFull: what a full pipe does not take waits, and all of it arrives.
func testPipeFull(t *testing.T, l *uvgo.Loop) {
	r, w, err := handles.PipePair()
	uvtest.Check(t, err)
	p := pipeOf(t, l, w)
	const size = 1 << 20
	uvtest.Must(p.Write(make([]byte, size)))
	looptest.TurnNoWait(t, l)
	queued := p.WriteQueueSize()
	if queued == 0 || queued >= size {
		t.Errorf("%d of %d bytes wait", queued, size)
	}
	in := pipeOf(t, l, r)
	got := 0
	uvtest.Check(t, in.ReadStart(func(b []byte, err error) {
		if got += len(b); err != nil {
			uvtest.IsErr(t, "read", err, io.EOF)
			uvtest.CloseAll(t, in)
		}
	}))
	uvtest.Check(t, p.Shutdown(func(err error) {
		if err != nil { // a pipe is no socket: shutdown(2) refuses it, the bytes went
			uvtest.IsErr(t, "shutdown", err, unix.ENOTSOCK)
		}
		uvtest.CloseAll(t, p)
	}))
	looptest.Run(t, l)
	if got != size {
		t.Errorf("%d of %d bytes arrive", got, size)
	}
}
