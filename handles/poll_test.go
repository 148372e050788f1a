package handles_test

import (
	"math"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// pollPipe returns the ends of a pipe that the test closes.
func pollPipe(t *testing.T) (r, w int) {
	t.Helper()
	var fds [2]int
	uvtest.Check(t, unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK))
	t.Cleanup(func() {
		unix.Close(fds[0])
		unix.Close(fds[1])
	})
	return fds[0], fds[1]
}

func TestPollRefusesMisuse(t *testing.T) {
	l := looptest.New(t)
	r, _ := pollPipe(t)
	file, err := os.Open("poll_test.go")
	uvtest.Check(t, err)
	defer file.Close()
	_, err = handles.NewPoll(nil, uintptr(r))
	uvtest.IsErr(t, "nil loop", err, uv.EINVAL)
	for what, fd := range map[string]uintptr{
		"closed": 1 << 20, "beyond int32": 1<<32 + uintptr(r), "-1": math.MaxUint,
	} {
		_, err := handles.NewPoll(l, fd)
		uvtest.IsErr(t, what, err, uv.EBADF)
	}
	_, err = handles.NewPoll(l, file.Fd())
	uvtest.IsErr(t, "regular file", err, uv.EPERM)

	p, err := handles.NewPoll(l, uintptr(r))
	uvtest.Check(t, err)
	fn := func(handles.PollEvent, error) {}
	uvtest.IsErr(t, "nil callback", p.Start(handles.Readable, nil), uv.EINVAL)
	uvtest.IsErr(t, "no event", p.Start(0, fn), uv.EINVAL)
	uvtest.IsErr(t, "unknown event", p.Start(1<<10, fn), uv.EINVAL)
	uvtest.IsErr(t, "negative event", p.Start(-1, fn), uv.EINVAL)
	uvtest.Check(t, p.Stop()) // of one that was not started
	if p.Active() {
		t.Error("active without a start")
	}
	uvtest.Check(t, p.Close())
	uvtest.Check(t, p.Close())
	uvtest.IsErr(t, "start after close", p.Start(handles.Readable, fn), uv.ErrClosed)
	uvtest.IsErr(t, "stop after close", p.Stop(), uv.ErrClosed)
	looptest.Run(t, l)
}

// A failed descriptor is reported once; then the handle is inactive.
func TestPollReportsAFailedDescriptor(t *testing.T) {
	l := looptest.New(t)
	var fds [2]int
	uvtest.Check(t, unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK))
	defer unix.Close(fds[1])
	for n := 0; n >= 0; { // full, so that it is not writable
		n, _ = unix.Write(fds[1], make([]byte, 1<<16))
	}
	p, err := handles.NewPoll(l, uintptr(fds[1]))
	uvtest.Check(t, err)
	called := uvtest.NewCounter(t, "poll callback", 1)
	uvtest.Check(t, p.Start(handles.Disconnect, func(events handles.PollEvent, err error) {
		called.Inc()
		uvtest.IsErr(t, "a pipe without a reader", err, uv.EBADF)
		if events != 0 || p.Active() {
			t.Errorf("events %d, active %t", events, p.Active())
		}
	}))
	unix.Close(fds[0])
	looptest.Run(t, l) // ends: an inactive handle does not keep it
	uvtest.Check(t, p.Close())
	looptest.Run(t, l)
}

// The caller may close its descriptor first, because the handle polls a duplicate.
func TestPollSurvivesTheCallersClose(t *testing.T) {
	l := looptest.New(t)
	var fds [2]int
	uvtest.Check(t, unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK))
	p, err := handles.NewPoll(l, uintptr(fds[0]))
	uvtest.Check(t, err)
	called := uvtest.NewCounter(t, "poll callback", 1)
	uvtest.Check(t, p.Start(handles.Readable, func(handles.PollEvent, error) {
		called.Inc()
		p.Close()
	}))
	unix.Close(fds[0])
	if _, err := unix.Write(fds[1], []byte("x")); err != nil {
		t.Fatal(err)
	}
	looptest.Run(t, l)
	unix.Close(fds[1])
}

// Out-of-band data is reported as Prioritized.
func TestPollPrioritized(t *testing.T) {
	l := looptest.New(t)
	ln, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	uvtest.Check(t, err)
	defer unix.Close(ln)
	uvtest.Check(t, unix.Bind(ln, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	uvtest.Check(t, unix.Listen(ln, 1))
	addr, err := unix.Getsockname(ln)
	uvtest.Check(t, err)
	out, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	uvtest.Check(t, err)
	defer unix.Close(out)
	uvtest.Check(t, unix.Connect(out, addr))
	in, _, err := unix.Accept4(ln, unix.SOCK_CLOEXEC)
	uvtest.Check(t, err)
	defer unix.Close(in)
	p, err := handles.NewPoll(l, uintptr(in))
	uvtest.Check(t, err)
	called := uvtest.NewCounter(t, "poll callback", 1)
	uvtest.Check(t, p.Start(handles.Prioritized, func(events handles.PollEvent, err error) {
		called.Inc()
		uvtest.Check(t, err)
		if events != handles.Prioritized {
			t.Errorf("events %d", events)
		}
		p.Close()
	}))
	uvtest.Check(t, unix.Sendto(out, []byte("ordinary"), 0, nil))
	uvtest.Check(t, unix.Sendto(out, []byte("!"), unix.MSG_OOB, nil))
	looptest.Run(t, l)
}
