package handles

import (
	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/uv"
)

// close(2) of a TCP socket with SO_LINGER sleeps until what is unsent has been
// acknowledged, for so many seconds at most, although the socket does not block. On the loop's
// goroutine all other connections would wait with it. So such a handle keeps a duplicate of
// its descriptor, with which the loop's close is not the last, and closes it on a goroutine.
//
// Nobody can have set the option but who has seen the descriptor, or that of the
// listener, from which connections inherit it: handle.seen, 0 if nobody has. handle.last is
// the duplicate between Close and the close event.

// show notes that others see the descriptor.
func (h *handle) show(fd int) {
	if h.kind == uv.KindTCP && fd > 0 {
		h.seen = int32(fd)
	}
}

// inherit is show for a connection that the listener accepted.
func (h *handle) inherit(listener *handle) {
	if listener.seen > 0 && lingers(int(listener.seen)) {
		h.show(h.c.FD())
	}
}

// lingers tells whether closing the socket may sleep.
func lingers(fd int) bool {
	l, err := unix.GetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER)
	return err == nil && l.Onoff != 0 && l.Linger > 0
}

// keepOpen keeps the loop's close from being the last, if that would sleep. Out
// of descriptors it does not: what is unsent is then sent without lingering.
func (h *handle) keepOpen() {
	fd := int(h.seen)
	h.seen = 0
	if !lingers(fd) {
		return
	}
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{})
		return
	}
	h.last = int32(own)
}
