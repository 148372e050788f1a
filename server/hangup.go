package server

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// hangupInterval is how often a loop asks the kernel whether peers of connections that
// are not read have reset them. Tests shorten it.
var hangupInterval = time.Second

// hangupWatch are a worker's connections that are not read: paused, above the high
// watermark, or past the peer's EOF. libuv does not poll such a connection, so it would not
// report a reset, or keep-alive probes without an answer. The worker therefore calls poll(2)
// for all of them once a second. While there are none, no timer runs.
//
// A connection that is read again stays in the list until the next poll(2): reading
// stops and starts often, and must not cost a search of the list.
type hangupWatch struct {
	conns   []*Conn
	polls   []unix.PollFd // of conns, reused
	timer   *handles.Timer
	started bool
}

// watchHangup adds a connection that is no longer read.
func (w *worker) watchHangup(c *Conn) {
	if c.is(hangupListed) {
		return
	}
	c.facts |= hangupListed
	h := &w.hangups
	h.conns = append(h.conns, c)
	if h.started {
		return
	}
	if h.timer == nil {
		t, err := w.loop.NewTimer()
		if err != nil {
			return // the next connection tries again
		}
		t.Unref()
		h.timer = t
	}
	h.started = h.timer.Start(hangupInterval, 0, w.pollHangups) == nil
}

// pollHangups forgets connections that are read again or close, and fails those that
// the kernel has an error for.
func (w *worker) pollHangups() {
	h := &w.hangups
	h.started = false
	list, polls := h.conns[:0], h.polls[:0]
	for _, c := range h.conns {
		fd := -1
		if !c.closes() && !c.stream.Reading() {
			fd, _ = c.stream.FD()
		}
		if fd < 0 {
			c.facts &^= hangupListed
			continue
		}
		list = append(list, c)
		polls = append(polls, unix.PollFd{Fd: int32(fd)}) // no event: errors are reported always
	}
	clear(h.conns[len(list):])
	h.conns, h.polls = list, polls
	if len(list) == 0 {
		return
	}
	h.started = h.timer.Start(hangupInterval, 0, w.pollHangups) == nil
	const most = 1024 // poll(2) refuses more than RLIMIT_NOFILE
	for from := 0; from < len(polls); from += most {
		part := polls[from:min(from+most, len(polls))]
		if n, err := unix.Poll(part, 0); err != nil || n == 0 {
			continue
		}
		for i, p := range part {
			if p.Revents != 0 {
				list[from+i].hungUp(int(p.Fd), p.Revents&unix.POLLERR != 0)
			}
		}
	}
}

// hungUp closes a connection that poll(2) reports, if that is a failure. SO_ERROR has the
// reason, unless libuv has read it with the data before, which is held until Resume: then a
// TCP socket that hangs up although our side is open has been reset. A unix socket also hangs
// up when its peer has closed without a failure, and what the peer has sent is yet to be read.
func (c *Conn) hungUp(fd int, failed bool) {
	errno, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil:
	case errno != 0:
		c.fail(uv.Check("server: connection", -errno))
	case failed, c.stream.Kind() == uv.KindTCP && c.writes == writeOpen:
		c.fail(uv.Fail("server: connection", uv.ECONNRESET))
	}
}
