package handles

import (
	"math"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// A TTY is a terminal, as a stream. A program that has to know when the terminal's size
// changes watches SIGWINCH with a [Signal], and then calls [TTY.WindowSize]. C type
// uv_tty_t.
//
// https://docs.libuv.org/en/v1.x/tty.html
type TTY struct{ stream }

var _ uv.Handle = (*TTY)(nil)

// NewTTY makes a handle of the terminal that fd refers to, such as os.Stdin.Fd(). The
// caller keeps fd. The terminal is opened anew, so that fd does not become non-blocking
// for other processes. A terminal that cannot be opened anew is used as it is, and
// writes to it block: the master of a pty, for which a [Pipe] and its Open are better,
// or a terminal of another container. The handle is readable and writable as fd is.
// EINVAL if fd is no terminal; see [GuessHandle]. C function uv_tty_init.
//
// https://docs.libuv.org/en/v1.x/tty.html#c.uv_tty_init
func NewTTY(l uv.Loop, fd uintptr) (*TTY, error) {
	t := new(TTY)
	if err := t.attach(l, "tty init", uv.KindTTY); err != nil {
		return nil, err
	}
	if fd > math.MaxInt32 {
		return nil, uv.Fail("tty init", uv.EINVAL)
	}
	c, err := t.core.OpenWith("tty init", (*ttyTarget)(t), func(id, gen uint32) (*cuv.Handle, int) {
		return t.core.Ring().NewTTY(int(fd), id, gen)
	})
	if err != nil {
		return nil, err
	}
	t.c = c
	t.set(opened)
	if c.IsReadable() {
		t.set(readable)
	}
	if c.IsWritable() {
		t.set(writable)
	}
	return t, nil
}

// A TTYMode is how a terminal processes input and output.
type TTYMode int

// The modes of TTY.SetMode.
const (
	TTYNormal TTYMode = iota // the mode before the first SetMode: lines, echo, signals
	TTYRaw                   // each key at once, no echo, no signals; "\n" still begins a new line
	TTYIO                    // no processing of input or output
	TTYRawVT                 // TTYRaw; on Windows with escape sequences. ENOTSUP before libuv 1.51
)

// SetMode changes the terminal's mode, for all programs that use the terminal. The
// change takes place when the terminal has put out what was written before. Close
// restores the mode that was there before the first SetMode. So do the loop's Shutdown
// and uvgo.Run, even after a panic in a callback, because they close the handle. A
// program that ends in another way, such as by os.Exit, calls [ResetTTYMode] first.
// EINVAL for an unknown mode. C function uv_tty_set_mode.
//
// https://docs.libuv.org/en/v1.x/tty.html#c.uv_tty_set_mode
func (t *TTY) SetMode(mode TTYMode) error {
	if err := t.use("set mode"); err != nil {
		return err
	}
	if mode < TTYNormal || mode > TTYRawVT {
		return t.fail("set mode", uv.EINVAL)
	}
	return t.check("set mode", t.c.TTYSetMode(int(mode)))
}

// WindowSize returns the terminal's size in characters. C function uv_tty_get_winsize.
//
// https://docs.libuv.org/en/v1.x/tty.html#c.uv_tty_get_winsize
func (t *TTY) WindowSize() (width, height int, err error) {
	if err := t.use("window size"); err != nil {
		return 0, 0, err
	}
	width, height, rc := t.c.TTYWinsize()
	return width, height, t.check("window size", rc)
}

// Close restores at once the mode that was there before the first SetMode, and starts
// closing. C function uv_close.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_close
func (t *TTY) Close() error { return t.stream.Close() }

// ResetTTYMode restores the modes of all terminals on which SetMode was called. It is
// for programs that are about to end without closing their handles. The handles stay
// usable. Any goroutine may call it. C function uv_tty_reset_mode, which knows of one
// terminal only.
//
// https://docs.libuv.org/en/v1.x/tty.html#c.uv_tty_reset_mode
func ResetTTYMode() error { return uv.Check("tty reset mode", cuv.TTYResetMode()) }

// GuessHandle returns the kind of handle that can use a descriptor: KindTTY, KindPipe,
// KindTCP, KindUDP, KindFile for what cannot be polled, or KindUnknown. C function
// uv_guess_handle.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_guess_handle
func GuessHandle(fd uintptr) uv.HandleKind {
	if fd > math.MaxInt32 {
		return uv.KindUnknown
	}
	return uv.HandleKind(cuv.GuessHandle(int(fd)))
}
