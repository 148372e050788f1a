package handles_test

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/uv"
)

// An opener is a stream that can be given a descriptor.
type opener interface {
	handles.Stream
	Open(fd uintptr) error
	Take(fd uintptr) error
}

func openers(l *uvgo.Loop) map[string]opener {
	return map[string]opener{"tcp": must(l.NewTCP()), "pipe": must(l.NewPipe()), "ipc": must(l.NewPipe(handles.IPC))}
}

// TestOpenRefusesWhatCannotBePolled: libuv would abort the process in the next
// turn. A refused descriptor stays the caller's.
func TestOpenRefusesWhatCannotBePolled(t *testing.T) {
	l := newLoop(t)
	file := must(os.Create(t.TempDir() + "/file"))
	defer file.Close()
	null := must(os.OpenFile(os.DevNull, os.O_RDWR, 0))
	defer null.Close()
	dir := must(os.Open(t.TempDir()))
	defer dir.Close()
	for name, s := range openers(l) {
		for what, f := range map[string]*os.File{"file": file, "directory": dir, "device": null} {
			want := uv.EINVAL
			if name == "pipe" && f == null {
				want = uv.EPERM // some devices can be polled
			}
			isErr(t, name+": open of a "+what, s.Open(f.Fd()), want)
			isErr(t, name+": take of a "+what, s.Take(f.Fd()), want)
			must(f.Stat()) // not closed
		}
		isErr(t, name+": read", s.ReadStart(func([]byte, error) {}), uv.ENOTCONN)
		closeAll(t, s)
	}
	looptest.Run(t, l)
}

// TestOpenDoesNotCutDescriptorsOff: C's are 32 bits wide; 1<<32 is not stdin.
func TestOpenDoesNotCutDescriptorsOff(t *testing.T) {
	l := newLoop(t)
	a, b, err := handles.SocketPair(unix.SOCK_STREAM, 0)
	check(t, err)
	defer a.Close()
	defer b.Close()
	if ^uint(0)>>32 == 0 {
		t.Skip("descriptors of this machine's Go are no wider than C's")
	}
	wide := a.Fd() + uintptr(1)<<31<<1
	for name, s := range openers(l) {
		isErr(t, name+": open", s.Open(wide), uv.EBADF)
		isErr(t, name+": take", s.Take(wide), uv.EBADF)
		closeAll(t, s)
	}
	u := must(l.NewUDP())
	isErr(t, "udp: open", u.Open(wide), uv.EBADF)
	closeAll(t, u)
	looptest.Run(t, l)
}

// TestTakeKnowsWhatADescriptorCanDo: one end of a pipe is read, the other
// written.
func TestTakeKnowsWhatADescriptorCanDo(t *testing.T) {
	l := newLoop(t)
	var fds [2]int
	check(t, unix.Pipe2(fds[:], unix.O_CLOEXEC))
	r, w := must(l.NewPipe()), must(l.NewPipe())
	check(t, r.Take(uintptr(fds[0])))
	check(t, w.Take(uintptr(fds[1])))
	_, err := r.Write([]byte("x"))
	isErr(t, "write to the end to read from", err, uv.EPIPE)
	isErr(t, "read of the end to write to", w.ReadStart(func([]byte, error) {}), uv.ENOTCONN)
	must(w.Write([]byte("x")))
	check(t, r.ReadStart(func(p []byte, err error) {
		check(t, err)
		closeAll(t, r, w)
	}))
	looptest.Run(t, l)
}

// TestOpenedListenerDoesNotRead: Open cannot tell a listener's socket from a
// connection's, Listen can.
func TestOpenedListenerDoesNotRead(t *testing.T) {
	l := newLoop(t)
	first, addr := listen(t, l, func(*handles.TCP, error) { t.Error("the first listener accepts") })
	check(t, first.PauseAccept())
	s := must(l.NewTCP())
	check(t, s.Open(uintptr(must(first.FD()))))
	closeAll(t, first)
	nothing := func([]byte, error) { t.Error("a listener reads") }
	check(t, s.ReadStart(nothing))
	accept := func(c *handles.TCP, err error) {
		check(t, err)
		closeAll(t, c, s)
	}
	isErr(t, "listen while reading", s.Listen(1, accept), uv.EINVAL)
	check(t, s.ReadStop())
	check(t, s.Listen(1, accept))
	isErr(t, "read of a listener", s.ReadStart(nothing), uv.ENOTCONN)
	_, err := s.Write([]byte("x"))
	isErr(t, "write to a listener", err, uv.EPIPE)
	c := must(l.NewTCP())
	check(t, c.Connect(addr, func(err error) {
		check(t, err)
		closeAll(t, c)
	}))
	looptest.Run(t, l)
}
