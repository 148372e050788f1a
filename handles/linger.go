package handles

import (
	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/uv"
)

// close(2) of a TCP socket with SO_LINGER sleeps until the peer has acknowledged all
// bytes, or the option's time is over, even if the socket is non-blocking. Only the
// close of the socket's last descriptor does that. On the loop's goroutine it would
// stop all other connections meanwhile. So Close makes a duplicate of such a
// descriptor. libuv's close is then not the last, and the duplicate is closed on a
// goroutine of its own.
//
// The option can be on only if code outside this package has had the descriptor, or
// that of the listener, from which accepted connections inherit the option.
// handle.exposedFD is the descriptor in this case and 0 otherwise, so that most closes
// cost no system call. handle.lingerFD is the duplicate, between Close and the close
// event.

// expose notes that code outside has the descriptor.
func (h *handle) expose(fd int) {
	if h.kind == uv.KindTCP && fd > 0 {
		h.exposedFD = int32(fd)
	}
}

// inheritLinger is expose for a connection that the listener has accepted.
func (h *handle) inheritLinger(listener *handle) {
	if listener.exposedFD > 0 && lingers(int(listener.exposedFD)) {
		h.expose(h.c.FD())
	}
}

// lingers tells whether closing the socket may sleep.
func lingers(fd int) bool {
	l, err := unix.GetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER)
	return err == nil && l.Onoff != 0 && l.Linger > 0
}

// deferLinger makes the duplicate, if the close would sleep. If the process has no
// descriptor left for it, the option is turned off: the kernel then sends what is
// unsent after the close.
func (h *handle) deferLinger() {
	fd := int(h.exposedFD)
	h.exposedFD = 0
	if !lingers(fd) {
		return
	}
	duplicate, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{})
		return
	}
	h.lingerFD = int32(duplicate)
}
