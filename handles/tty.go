package handles

import (
	"math"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// A TTY is a terminal as a stream. To learn that its size has changed, watch SIGWINCH
// with a [Signal] and call [TTY.WindowSize]. C type uv_tty_t.
//
// https://docs.libuv.org/en/v1.x/tty.html
type TTY struct{ stream }

var _ uv.Handle = (*TTY)(nil)

// NewTTY makes a handle of the terminal that fd refers to, such as os.Stdin.Fd(). The
// terminal is opened anew, so that nobody who shares fd sees it non-blocking; the
// caller keeps fd. Only what cannot be opened anew is used as it is, with writes that
// block: the master of a pty (better a [Pipe] and its Open), a terminal of another
// container. The handle can be read and written as fd can. EINVAL if fd is no
// terminal: see [GuessHandle]. C function uv_tty_init.
//
// https://docs.libuv.org/en/v1.x/tty.html#c.uv_tty_init
func NewTTY(l uv.Loop, fd uintptr) (*TTY, error) {
	t := new(TTY)
	if err := t.on(l, "tty init", uv.KindTTY); err != nil {
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

// A TTYMode says what a terminal does with input and output on their way.
type TTYMode int

// The modes of TTY.SetMode.
const (
	TTYNormal TTYMode = iota // as before the first SetMode: lines, echo, signals
	TTYRaw                   // each key at once, no echo, no signals; output lines still end properly
	TTYIO                    // bytes as they are, both ways
	TTYRawVT                 // TTYRaw; on Windows with escape sequences. ENOTSUP before libuv 1.51
)

// SetMode changes the terminal's mode, for every program that uses it, once what was
// written before has left. The first mode comes back with Close, so also with the
// loop's Shutdown and with uvgo.Run, even after a panic in a callback. Whoever leaves
// otherwise, by os.Exit or a crash, calls [ResetTTYMode]. EINVAL for an unknown mode.
// C function uv_tty_set_mode.
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

// Close puts the terminal's first mode back at once and starts closing. C function
// uv_close.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_close
func (t *TTY) Close() error { return t.stream.Close() }

// ResetTTYMode puts back the first modes of all terminals that handles have changed,
// which stay usable: for programs about to end without closing them. Any goroutine may
// call it. C function uv_tty_reset_mode, which knows of one terminal only.
//
// https://docs.libuv.org/en/v1.x/tty.html#c.uv_tty_reset_mode
func ResetTTYMode() error { return uv.Check("tty reset mode", cuv.TTYResetMode()) }

// GuessHandle tells which kind of handle suits a descriptor: KindTTY, KindPipe,
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
