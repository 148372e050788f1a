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
	check(t, s.ReadStart(func(p []byte, err error) {
		check(t, err)
		b.Write(p)
	}))
	return b
}

func TestTTYLinesAndKeys(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		p := uvtest.NewPTY(t)
		tty := must(l.NewTTY(p.Fd()))
		in := input(t, tty)
		must(tty.Write([]byte("name? ")))
		turn(t, l, 1)
		p.Shows("name? ")
		p.Type("ab\x7fc\r") // with a backspace: the terminal edits lines
		until(t, l, func() bool { return in.Len() > 0 })
		if in.String() != "ac\n" {
			t.Errorf("read %q, want a line", in)
		}
		p.Shows("ab\b \bc\r\n")

		in.Reset()
		check(t, tty.SetMode(handles.TTYRaw))
		p.Type("x\x7f\x03\r") // Ctrl-C is a key like any other
		until(t, l, func() bool { return in.Len() == 4 })
		if in.String() != "x\x7f\x03\r" {
			t.Errorf("read %q in raw mode", in)
		}
		must(tty.Write([]byte("a\n")))
		turn(t, l, 1)
		p.Shows("a\r\n") // no echo before it; lines still end properly
		check(t, tty.SetMode(handles.TTYIO))
		must(tty.Write([]byte("b\nc")))
		turn(t, l, 1)
		p.Shows("b\nc")
		check(t, tty.SetMode(handles.TTYNormal))
		if !p.Cooked() {
			t.Error("normal mode is not what the terminal was in")
		}
		closeAll(t, tty)
	})
}

func TestTTYLeavesTheCallersDescriptorAlone(t *testing.T) {
	l := newLoop(t)
	p := uvtest.NewPTY(t)
	f := p.Again(unix.O_RDWR)
	tty := must(l.NewTTY(f.Fd()))
	if flags := must(unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)); flags&unix.O_NONBLOCK != 0 {
		t.Error("the caller's descriptor is non-blocking now")
	}
	fd := must(tty.FD())
	if flags := must(unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)); flags&unix.O_NONBLOCK == 0 {
		t.Error("the handle's descriptor blocks")
	}
	check(t, f.Close()) // libuv must not notice
	in := input(t, tty)
	p.Type("hi\r")
	until(t, l, func() bool { return in.Len() > 0 })
	closeAll(t, tty)
}

func TestTTYOneWay(t *testing.T) {
	l := newLoop(t)
	p := uvtest.NewPTY(t)
	r := must(l.NewTTY(p.Again(unix.O_RDONLY).Fd()))
	w := must(l.NewTTY(p.Again(unix.O_WRONLY).Fd()))
	if !r.Readable() || r.Writable() || w.Readable() || !w.Writable() {
		t.Errorf("r: %t %t, w: %t %t; want readable and writable alone", r.Readable(), r.Writable(), w.Readable(), w.Writable())
	}
	_, err := r.Write([]byte("x"))
	isErr(t, "write", err, uv.EPIPE)
	isErr(t, "read", w.ReadStart(func([]byte, error) {}), uv.ENOTCONN)
	in := input(t, r)
	p.Type("x\r")
	until(t, l, func() bool { return in.Len() > 0 })
	failed := false
	check(t, w.Shutdown(func(err error) {
		isErr(t, "shutdown", err, uv.ENOTSOCK) // terminals have no half to end
		failed = true
	}))
	until(t, l, func() bool { return failed })
	closeAll(t, r, w)
}

// TestTTYQueuesWhatTheUserDoesNotRead: no write blocks the loop.
func TestTTYQueuesWhatTheUserDoesNotRead(t *testing.T) {
	l := newLoop(t)
	p := uvtest.NewPTY(t)
	tty := must(l.NewTTY(p.Fd()))
	check(t, tty.SetMode(handles.TTYIO))
	want := pattern(1<<20, 1)
	must(tty.Write(want))
	turn(t, l, 1)
	if tty.WriteQueueSize() == 0 {
		t.Error("the kernel took a megabyte")
	}
	got := make([]byte, len(want))
	read := make(chan error, 1)
	go func() {
		_, err := io.ReadFull(p.User, got)
		read <- err
	}()
	until(t, l, func() bool { return tty.WriteQueueSize() == 0 })
	if check(t, <-read); !bytes.Equal(got, want) {
		t.Error("the user sees other bytes than those written")
	}
	closeAll(t, tty)
}

func TestTTYEndsWhenTheUserHangsUp(t *testing.T) {
	l := newLoop(t)
	p := uvtest.NewPTY(t)
	tty := must(l.NewTTY(p.Fd()))
	var end error
	check(t, tty.ReadStart(func(_ []byte, err error) { end = err }))
	turn(t, l, 1)
	check(t, p.User.Close())
	until(t, l, func() bool { return end != nil })
	if !errors.Is(end, io.EOF) && !errors.Is(end, uv.EIO) {
		t.Errorf("read ends with %v", end)
	}
	closeAll(t, tty) // with a mode to put back that nobody wants
	p = uvtest.NewPTY(t)
	tty = must(l.NewTTY(p.Fd()))
	check(t, tty.SetMode(handles.TTYRaw))
	check(t, p.User.Close())
	check(t, p.Close())
	closeAll(t, tty)
}

func TestTTYOfAMaster(t *testing.T) {
	l := newLoop(t)
	p := uvtest.NewPTY(t)
	user := must(l.NewTTY(p.User.Fd()))
	in := input(t, user)
	must(user.Write([]byte("line\r"))) // blocks until the kernel has it
	turn(t, l, 1)
	line := make([]byte, 5)
	if n := must(p.Read(line)); string(line[:n]) != "line\n" {
		t.Errorf("the terminal reads %q", line[:n])
	}
	until(t, l, func() bool { return in.String() == "line\r\n" }) // the echo
	check(t, p.Close())
	closeAll(t, user)
}

func TestTTYWindowSize(t *testing.T) {
	l := newLoop(t)
	p := uvtest.NewPTY(t)
	tty := must(l.NewTTY(p.Fd()))
	for _, size := range []unix.Winsize{{Col: 80, Row: 24}, {Col: 132, Row: 50}} {
		check(t, unix.IoctlSetWinsize(int(p.User.Fd()), unix.TIOCSWINSZ, &size))
		w, h, err := tty.WindowSize()
		if check(t, err); w != int(size.Col) || h != int(size.Row) {
			t.Errorf("%d×%d, want %d×%d", w, h, size.Col, size.Row)
		}
	}
	closeAll(t, tty)
}

func TestTTYModeComesBack(t *testing.T) {
	raw := func(t *testing.T, l *uvgo.Loop, p *uvtest.PTY) *handles.TTY {
		t.Helper()
		tty := must(l.NewTTY(p.Fd()))
		check(t, tty.SetMode(handles.TTYRaw))
		check(t, tty.SetMode(handles.TTYIO)) // what was before raw counts
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
		l, p := newLoop(t), uvtest.NewPTY(t)
		tty := raw(t, l, p)
		check(t, tty.Close())
		back(t, p) // at once
		check(t, tty.Close())
	})
	t.Run("shutdown", func(t *testing.T) {
		l, p := must(uvgo.New()), uvtest.NewPTY(t)
		raw(t, l, p)
		check(t, l.Shutdown(t.Context()))
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
		l, p := newLoop(t), uvtest.NewPTY(t)
		tty := raw(t, l, p)
		check(t, tty.SetMode(handles.TTYNormal))
		back(t, p)
		check(t, tty.SetMode(handles.TTYNormal))
		closeAll(t, tty)
	})
	t.Run("reset", func(t *testing.T) {
		l := newLoop(t)
		p, q := uvtest.NewPTY(t), uvtest.NewPTY(t)
		a, b := raw(t, l, p), raw(t, l, q) // libuv itself remembers one
		check(t, handles.ResetTTYMode())
		back(t, p)
		back(t, q)
		closeAll(t, a, b)
		check(t, handles.ResetTTYMode())
	})
	t.Run("two handles of one terminal", func(t *testing.T) {
		for _, first := range []int{0, 1} {
			l, p := newLoop(t), uvtest.NewPTY(t)
			ttys := []*handles.TTY{raw(t, l, p), raw(t, l, p)}
			closeAll(t, ttys[first], ttys[1-first])
			back(t, p)
			looptest.Run(t, l)
			back(t, p) // libuv's own close may have come later
		}
	})
	t.Run("two handles, normal", func(t *testing.T) {
		l, p := newLoop(t), uvtest.NewPTY(t)
		a, b := raw(t, l, p), raw(t, l, p)
		check(t, a.SetMode(handles.TTYNormal))
		check(t, b.SetMode(handles.TTYNormal))
		back(t, p)
		closeAll(t, a, b)
	})
}

func TestTTYErrors(t *testing.T) {
	l := newLoop(t)
	p := uvtest.NewPTY(t)
	file := must(os.Create(t.TempDir() + "/file"))
	defer file.Close()
	r, w, err := os.Pipe()
	check(t, err)
	defer r.Close()
	defer w.Close()
	null := must(os.Open("/dev/null"))
	defer null.Close()
	for name, fd := range map[string]uintptr{"file": file.Fd(), "pipe": r.Fd(), "/dev/null": null.Fd(), "no descriptor": ^uintptr(0)} {
		_, err := l.NewTTY(fd)
		isErr(t, name, err, uv.EINVAL)
	}
	_, err = l.NewTTY(9999)
	isErr(t, "closed descriptor", err, uv.EBADF)
	_, err = handles.NewTTY(nil, p.Fd())
	isErr(t, "no loop", err, uv.EINVAL)

	tty := must(l.NewTTY(p.Fd()))
	isErr(t, "negative mode", tty.SetMode(-1), uv.EINVAL)
	isErr(t, "unknown mode", tty.SetMode(99), uv.EINVAL)
	if err := tty.SetMode(handles.TTYRawVT); err != nil { // libuv before 1.51
		isErr(t, "raw_vt", err, errors.ErrUnsupported)
	}
	_, err = handles.TTYVTermSupported()
	isErr(t, "vterm state", err, errors.ErrUnsupported)
	isErr(t, "set vterm state", handles.SetTTYVTermSupported(true), errors.ErrUnsupported)
	closeAll(t, tty)
	isErr(t, "mode of a closed handle", tty.SetMode(handles.TTYRaw), uv.ErrClosed)
	_, _, err = tty.WindowSize()
	isErr(t, "size of a closed handle", err, uv.ErrClosed)
	_, err = tty.Write([]byte("x"))
	isErr(t, "write to a closed handle", err, uv.ErrClosed)
}

func TestGuessHandle(t *testing.T) {
	p := uvtest.NewPTY(t)
	r, w, err := os.Pipe()
	check(t, err)
	defer r.Close()
	defer w.Close()
	null := must(os.Open("/dev/null"))
	defer null.Close()
	socket := func(domain, kind int) uintptr {
		fd := must(unix.Socket(domain, kind|unix.SOCK_CLOEXEC, 0))
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
