package handles_test

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// An opener is a stream that has the method Open.
type opener interface {
	handles.Stream
	Open(fd uintptr) error
	Take(fd uintptr) error
}

func openers(l *uvgo.Loop) map[string]opener {
	return map[string]opener{"tcp": uvtest.Must(l.NewTCP()), "pipe": uvtest.Must(l.NewPipe()), "ipc": uvtest.Must(l.NewPipe(handles.IPC))}
}

// TestOpenRefusesWhatCannotBePolled: with such a descriptor libuv would abort the
// process in the next turn. The caller keeps a refused descriptor.
func TestOpenRefusesWhatCannotBePolled(t *testing.T) {
	l := looptest.New(t)
	file := uvtest.Must(os.Create(t.TempDir() + "/file"))
	defer file.Close()
	null := uvtest.Must(os.OpenFile(os.DevNull, os.O_RDWR, 0))
	defer null.Close()
	dir := uvtest.Must(os.Open(t.TempDir()))
	defer dir.Close()
	for name, s := range openers(l) {
		for what, f := range map[string]*os.File{"file": file, "directory": dir, "device": null} {
			want := uv.EINVAL
			if name == "pipe" && f == null {
				want = uv.EPERM // some devices can be polled
			}
			uvtest.IsErr(t, name+": open of a "+what, s.Open(f.Fd()), want)
			uvtest.IsErr(t, name+": take of a "+what, s.Take(f.Fd()), want)
			uvtest.Must(f.Stat()) // not closed
		}
		uvtest.IsErr(t, name+": read", s.ReadStart(func([]byte, error) {}), uv.ENOTCONN)
		uvtest.CloseAll(t, s)
	}
	looptest.Run(t, l)
}

// TestOpenDoesNotCutDescriptorsOff: descriptors of C have 32 bits, and 1<<32 must not
// become 0.
func TestOpenDoesNotCutDescriptorsOff(t *testing.T) {
	l := looptest.New(t)
	a, b, err := handles.SocketPair(unix.SOCK_STREAM, 0)
	uvtest.Check(t, err)
	defer a.Close()
	defer b.Close()
	if ^uint(0)>>32 == 0 {
		t.Skip("descriptors of this machine's Go are no wider than C's")
	}
	wide := a.Fd() + uintptr(1)<<31<<1
	for name, s := range openers(l) {
		uvtest.IsErr(t, name+": open", s.Open(wide), uv.EBADF)
		uvtest.IsErr(t, name+": take", s.Take(wide), uv.EBADF)
		uvtest.CloseAll(t, s)
	}
	u := uvtest.Must(l.NewUDP())
	uvtest.IsErr(t, "udp: open", u.Open(wide), uv.EBADF)
	uvtest.CloseAll(t, u)
	looptest.Run(t, l)
}

// TestTakeKnowsWhatADescriptorCanDo: one end of a pipe is readable, the other writable.
func TestTakeKnowsWhatADescriptorCanDo(t *testing.T) {
	l := looptest.New(t)
	var fds [2]int
	uvtest.Check(t, unix.Pipe2(fds[:], unix.O_CLOEXEC))
	r, w := uvtest.Must(l.NewPipe()), uvtest.Must(l.NewPipe())
	uvtest.Check(t, r.Take(uintptr(fds[0])))
	uvtest.Check(t, w.Take(uintptr(fds[1])))
	_, err := r.Write([]byte("x"))
	uvtest.IsErr(t, "write to the end to read from", err, uv.EPIPE)
	uvtest.IsErr(t, "read of the end to write to", w.ReadStart(func([]byte, error) {}), uv.ENOTCONN)
	uvtest.Must(w.Write([]byte("x")))
	uvtest.Check(t, r.ReadStart(func(p []byte, err error) {
		uvtest.Check(t, err)
		uvtest.CloseAll(t, r, w)
	}))
	looptest.Run(t, l)
}

// TestOpenedListenerDoesNotRead: Open cannot tell a listener's socket from a
// connection's, but Listen can.
func TestOpenedListenerDoesNotRead(t *testing.T) {
	l := looptest.New(t)
	first, addr := looptest.Listen(t, l, func(*handles.TCP, error) { t.Error("the first listener accepts") })
	uvtest.Check(t, first.PauseAccept())
	s := uvtest.Must(l.NewTCP())
	uvtest.Check(t, s.Open(uintptr(uvtest.Must(first.FD()))))
	uvtest.CloseAll(t, first)
	nothing := func([]byte, error) { t.Error("a listener reads") }
	uvtest.Check(t, s.ReadStart(nothing))
	accept := func(c *handles.TCP, err error) {
		uvtest.Check(t, err)
		uvtest.CloseAll(t, c, s)
	}
	uvtest.IsErr(t, "listen while reading", s.Listen(1, accept), uv.EINVAL)
	uvtest.Check(t, s.ReadStop())
	uvtest.Check(t, s.Listen(1, accept))
	uvtest.IsErr(t, "read of a listener", s.ReadStart(nothing), uv.ENOTCONN)
	_, err := s.Write([]byte("x"))
	uvtest.IsErr(t, "write to a listener", err, uv.EPIPE)
	c := uvtest.Must(l.NewTCP())
	uvtest.Check(t, c.Connect(addr, func(err error) {
		uvtest.Check(t, err)
		uvtest.CloseAll(t, c)
	}))
	looptest.Run(t, l)
}
