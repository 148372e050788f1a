package handles_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// input collects what a stream reads.
func input(t testing.TB, s handles.Stream) *bytes.Buffer {
	t.Helper()
	b := new(bytes.Buffer)
	uvtest.Check(t, s.ReadStart(func(p []byte, err error) {
		uvtest.Check(t, err)
		b.Write(p)
	}))
	return b
}

func TestTTYLinesAndKeys(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		p := uvtest.NewPTY(t)
		tty := uvtest.Must(l.NewTTY(p.Fd()))
		in := input(t, tty)
		uvtest.Must(tty.Write([]byte("name? ")))
		looptest.Turn(t, l, 1)
		p.Shows("name? ")
		p.Type("ab\x7fc\r") // with a backspace: the terminal edits lines
		looptest.Until(t, l, func() bool { return in.Len() > 0 })
		if in.String() != "ac\n" {
			t.Errorf("read %q, want a line", in)
		}
		p.Shows("ab\b \bc\r\n")

		in.Reset()
		uvtest.Check(t, tty.SetMode(handles.TTYRaw))
		p.Type("x\x7f\x03\r") // Ctrl-C is a key like any other
		looptest.Until(t, l, func() bool { return in.Len() == 4 })
		if in.String() != "x\x7f\x03\r" {
			t.Errorf("read %q in raw mode", in)
		}
		uvtest.Must(tty.Write([]byte("a\n")))
		looptest.Turn(t, l, 1)
		p.Shows("a\r\n") // no echo before it; "\n" still becomes "\r\n"
		uvtest.Check(t, tty.SetMode(handles.TTYIO))
		uvtest.Must(tty.Write([]byte("b\nc")))
		looptest.Turn(t, l, 1)
		p.Shows("b\nc")
		uvtest.Check(t, tty.SetMode(handles.TTYNormal))
		if !p.Cooked() {
			t.Error("normal mode is not what the terminal was in")
		}
		uvtest.CloseAll(t, tty)
	})
}

func TestTTYLeavesTheCallersDescriptorAlone(t *testing.T) {
	l := looptest.New(t)
	p := uvtest.NewPTY(t)
	f := p.Again(unix.O_RDWR)
	tty := uvtest.Must(l.NewTTY(f.Fd()))
	if flags := uvtest.Must(unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)); flags&unix.O_NONBLOCK != 0 {
		t.Error("the caller's descriptor is non-blocking now")
	}
	fd := uvtest.Must(tty.FD())
	if flags := uvtest.Must(unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)); flags&unix.O_NONBLOCK == 0 {
		t.Error("the handle's descriptor blocks")
	}
	uvtest.Check(t, f.Close()) // libuv must not notice
	in := input(t, tty)
	p.Type("hi\r")
	looptest.Until(t, l, func() bool { return in.Len() > 0 })
	uvtest.CloseAll(t, tty)
}

func TestTTYOneWay(t *testing.T) {
	l := looptest.New(t)
	p := uvtest.NewPTY(t)
	r := uvtest.Must(l.NewTTY(p.Again(unix.O_RDONLY).Fd()))
	w := uvtest.Must(l.NewTTY(p.Again(unix.O_WRONLY).Fd()))
	if !r.Readable() || r.Writable() || w.Readable() || !w.Writable() {
		t.Errorf("r: %t %t, w: %t %t; want readable and writable alone", r.Readable(), r.Writable(), w.Readable(), w.Writable())
	}
	_, err := r.Write([]byte("x"))
	uvtest.IsErr(t, "write", err, uv.EPIPE)
	uvtest.IsErr(t, "read", w.ReadStart(func([]byte, error) {}), uv.ENOTCONN)
	in := input(t, r)
	p.Type("x\r")
	looptest.Until(t, l, func() bool { return in.Len() > 0 })
	failed := false
	uvtest.Check(t, w.Shutdown(func(err error) {
		uvtest.IsErr(t, "shutdown", err, uv.ENOTSOCK) // a terminal has no half-close
		failed = true
	}))
	looptest.Until(t, l, func() bool { return failed })
	uvtest.CloseAll(t, r, w)
}

// TestTTYQueuesWhatTheUserDoesNotRead: no write blocks the loop.
func TestTTYQueuesWhatTheUserDoesNotRead(t *testing.T) {
	l := looptest.New(t)
	p := uvtest.NewPTY(t)
	tty := uvtest.Must(l.NewTTY(p.Fd()))
	uvtest.Check(t, tty.SetMode(handles.TTYIO))
	want := uvtest.Pattern(1<<20, 1)
	uvtest.Must(tty.Write(want))
	looptest.Turn(t, l, 1)
	if tty.WriteQueueSize() == 0 {
		t.Error("the kernel took a megabyte")
	}
	got := make([]byte, len(want))
	read := make(chan error, 1)
	go func() {
		_, err := io.ReadFull(p.User, got)
		read <- err
	}()
	looptest.Until(t, l, func() bool { return tty.WriteQueueSize() == 0 })
	if uvtest.Check(t, <-read); !bytes.Equal(got, want) {
		t.Error("the user sees other bytes than those written")
	}
	uvtest.CloseAll(t, tty)
}

func TestTTYEndsWhenTheUserHangsUp(t *testing.T) {
	l := looptest.New(t)
	p := uvtest.NewPTY(t)
	tty := uvtest.Must(l.NewTTY(p.Fd()))
	var end error
	uvtest.Check(t, tty.ReadStart(func(_ []byte, err error) { end = err }))
	looptest.Turn(t, l, 1)
	uvtest.Check(t, p.User.Close())
	looptest.Until(t, l, func() bool { return end != nil })
	if !errors.Is(end, io.EOF) && !errors.Is(end, uv.EIO) {
		t.Errorf("read ends with %v", end)
	}
	uvtest.CloseAll(t, tty) // tries to restore the mode of a terminal that is gone
	p = uvtest.NewPTY(t)
	tty = uvtest.Must(l.NewTTY(p.Fd()))
	uvtest.Check(t, tty.SetMode(handles.TTYRaw))
	uvtest.Check(t, p.User.Close())
	uvtest.Check(t, p.Close())
	uvtest.CloseAll(t, tty)
}

func TestTTYOfAMaster(t *testing.T) {
	l := looptest.New(t)
	p := uvtest.NewPTY(t)
	user := uvtest.Must(l.NewTTY(p.User.Fd()))
	in := input(t, user)
	uvtest.Must(user.Write([]byte("line\r"))) // blocks until the kernel has it
	looptest.Turn(t, l, 1)
	line := make([]byte, 5)
	if n := uvtest.Must(p.Read(line)); string(line[:n]) != "line\n" {
		t.Errorf("the terminal reads %q", line[:n])
	}
	looptest.Until(t, l, func() bool { return in.String() == "line\r\n" }) // the echo
	uvtest.Check(t, p.Close())
	uvtest.CloseAll(t, user)
}

func TestTTYWindowSize(t *testing.T) {
	l := looptest.New(t)
	p := uvtest.NewPTY(t)
	tty := uvtest.Must(l.NewTTY(p.Fd()))
	for _, size := range []unix.Winsize{{Col: 80, Row: 24}, {Col: 132, Row: 50}} {
		uvtest.Check(t, unix.IoctlSetWinsize(int(p.User.Fd()), unix.TIOCSWINSZ, &size))
		w, h, err := tty.WindowSize()
		if uvtest.Check(t, err); w != int(size.Col) || h != int(size.Row) {
			t.Errorf("%d×%d, want %d×%d", w, h, size.Col, size.Row)
		}
	}
	uvtest.CloseAll(t, tty)
}

func TestTTYModeComesBack(t *testing.T) {
	raw := func(t *testing.T, l *uvgo.Loop, p *uvtest.PTY) *handles.TTY {
		t.Helper()
		tty := uvtest.Must(l.NewTTY(p.Fd()))
		uvtest.Check(t, tty.SetMode(handles.TTYRaw))
		uvtest.Check(t, tty.SetMode(handles.TTYIO)) // what was before raw counts
		if p.Cooked() {
			t.Fatal("the mode has not changed")
		}
		return tty
	}
	back := func(t *testing.T, p *uvtest.PTY) {
		t.Helper()
		if !p.Cooked() {
			t.Error("the first mode has not come back")
		}
	}
	t.Run("close", func(t *testing.T) {
		l, p := looptest.New(t), uvtest.NewPTY(t)
		tty := raw(t, l, p)
		uvtest.Check(t, tty.Close())
		back(t, p) // at once
		uvtest.Check(t, tty.Close())
	})
	t.Run("shutdown", func(t *testing.T) {
		l, p := uvtest.Must(uvgo.New()), uvtest.NewPTY(t)
		raw(t, l, p)
		uvtest.Check(t, l.Shutdown(t.Context()))
		back(t, p)
	})
	t.Run("panic", func(t *testing.T) {
		p := uvtest.NewPTY(t)
		err := uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
			raw(t, l, p)
			return l.Post(func() { panic("oops") })
		})
		var panicked *uv.PanicError
		if !errors.As(err, &panicked) {
			t.Errorf("error %v", err)
		}
		back(t, p)
	})
	t.Run("normal", func(t *testing.T) {
		l, p := looptest.New(t), uvtest.NewPTY(t)
		tty := raw(t, l, p)
		uvtest.Check(t, tty.SetMode(handles.TTYNormal))
		back(t, p)
		uvtest.Check(t, tty.SetMode(handles.TTYNormal))
		uvtest.CloseAll(t, tty)
	})
	t.Run("reset", func(t *testing.T) {
		l := looptest.New(t)
		p, q := uvtest.NewPTY(t), uvtest.NewPTY(t)
		a, b := raw(t, l, p), raw(t, l, q) // libuv itself remembers one
		uvtest.Check(t, handles.ResetTTYMode())
		back(t, p)
		back(t, q)
		uvtest.CloseAll(t, a, b)
		uvtest.Check(t, handles.ResetTTYMode())
	})
	t.Run("two handles of one terminal", func(t *testing.T) {
		for _, first := range []int{0, 1} {
			l, p := looptest.New(t), uvtest.NewPTY(t)
			ttys := []*handles.TTY{raw(t, l, p), raw(t, l, p)}
			uvtest.CloseAll(t, ttys[first], ttys[1-first])
			back(t, p)
			looptest.Run(t, l)
			back(t, p) // libuv's own close may have come later
		}
	})
	t.Run("two handles, normal", func(t *testing.T) {
		l, p := looptest.New(t), uvtest.NewPTY(t)
		a, b := raw(t, l, p), raw(t, l, p)
		uvtest.Check(t, a.SetMode(handles.TTYNormal))
		uvtest.Check(t, b.SetMode(handles.TTYNormal))
		back(t, p)
		uvtest.CloseAll(t, a, b)
	})
}

func TestTTYErrors(t *testing.T) {
	l := looptest.New(t)
	p := uvtest.NewPTY(t)
	file := uvtest.Must(os.Create(t.TempDir() + "/file"))
	defer file.Close()
	r, w, err := os.Pipe()
	uvtest.Check(t, err)
	defer r.Close()
	defer w.Close()
	null := uvtest.Must(os.Open("/dev/null"))
	defer null.Close()
	for name, fd := range map[string]uintptr{"file": file.Fd(), "pipe": r.Fd(), "/dev/null": null.Fd(), "no descriptor": ^uintptr(0)} {
		_, err := l.NewTTY(fd)
		uvtest.IsErr(t, name, err, uv.EINVAL)
	}
	_, err = l.NewTTY(9999)
	uvtest.IsErr(t, "closed descriptor", err, uv.EBADF)
	_, err = handles.NewTTY(nil, p.Fd())
	uvtest.IsErr(t, "no loop", err, uv.EINVAL)

	tty := uvtest.Must(l.NewTTY(p.Fd()))
	uvtest.IsErr(t, "negative mode", tty.SetMode(-1), uv.EINVAL)
	uvtest.IsErr(t, "unknown mode", tty.SetMode(99), uv.EINVAL)
	if err := tty.SetMode(handles.TTYRawVT); err != nil { // libuv before 1.51
		uvtest.IsErr(t, "raw_vt", err, errors.ErrUnsupported)
	}
	uvtest.CloseAll(t, tty)
	uvtest.IsErr(t, "mode of a closed handle", tty.SetMode(handles.TTYRaw), uv.ErrClosed)
	_, _, err = tty.WindowSize()
	uvtest.IsErr(t, "size of a closed handle", err, uv.ErrClosed)
	_, err = tty.Write([]byte("x"))
	uvtest.IsErr(t, "write to a closed handle", err, uv.ErrClosed)
}

func TestGuessHandle(t *testing.T) {
	p := uvtest.NewPTY(t)
	r, w, err := os.Pipe()
	uvtest.Check(t, err)
	defer r.Close()
	defer w.Close()
	null := uvtest.Must(os.Open("/dev/null"))
	defer null.Close()
	socket := func(domain, kind int) uintptr {
		fd := uvtest.Must(unix.Socket(domain, kind|unix.SOCK_CLOEXEC, 0))
		t.Cleanup(func() { unix.Close(fd) })
		return uintptr(fd)
	}
	for _, c := range []struct {
		fd   uintptr
		want uv.HandleKind
	}{
		{p.Fd(), uv.KindTTY},
		{p.User.Fd(), uv.KindTTY},
		{r.Fd(), uv.KindPipe},
		{null.Fd(), uv.KindFile},
		{socket(unix.AF_INET, unix.SOCK_STREAM), uv.KindTCP},
		{socket(unix.AF_INET, unix.SOCK_DGRAM), uv.KindUDP},
		{socket(unix.AF_UNIX, unix.SOCK_STREAM), uv.KindPipe},
		{9999, uv.KindUnknown},
		{^uintptr(0), uv.KindUnknown},
	} {
		if got := handles.GuessHandle(c.fd); got != c.want {
			t.Errorf("descriptor %d is a %v, want %v", int(c.fd), got, c.want)
		}
	}
}
