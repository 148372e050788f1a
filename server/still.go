package server

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// stillWait is how often a loop looks whether peers of connections that are not read
// have reset them.
const stillWait = time.Second

// still are a worker's connections that are not read: paused, above the high
// watermark, or past the peer's end. libuv does not poll them, so nothing tells of a
// reset, or of keep-alive probes without an answer. One poll(2) a second for all of
// them does; there is no timer while there are none.
//
// A connection that is read again stays in the list until the next look: reading
// stops and starts often, and neither costs a search.
type still struct {
	wait    time.Duration // between two looks
	conns   []*Conn
	polls   []unix.PollFd // of conns, reused
	timer   *handles.Timer
	started bool
}

// watchStill adds a connection that has just ceased to be read.
func (w *worker) watchStill(c *Conn) {
	if c.has(listed) {
		return
	}
	c.flags |= listed
	s := &w.still
	s.conns = append(s.conns, c)
	if s.started {
		return
	}
	if s.timer == nil {
		t, err := w.loop.NewTimer()
		if err != nil {
			return // the next one tries again
		}
		t.Unref()
		s.timer = t
	}
	s.started = s.timer.Start(s.wait, 0, w.lookAtStill) == nil
}

// lookAtStill forgets connections that are read again or close, and fails those that
// the kernel has an error for.
func (w *worker) lookAtStill() {
	s := &w.still
	s.started = false
	list, polls := s.conns[:0], s.polls[:0]
	for _, c := range s.conns {
		fd := -1
		if !c.has(reading | closing) {
			fd, _ = c.stream.FD()
		}
		if fd < 0 {
			c.flags &^= listed
			continue
		}
		list = append(list, c)
		polls = append(polls, unix.PollFd{Fd: int32(fd)}) // no event: errors are reported always
	}
	clear(s.conns[len(list):])
	s.conns, s.polls = list, polls
	if len(list) == 0 {
		return
	}
	s.started = s.timer.Start(s.wait, 0, w.lookAtStill) == nil
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

// hungUp closes a connection for which the kernel has an error, or had one that libuv
// has read with data that is held until Resume: a TCP socket that hangs up although
// our side is open has been reset. A unix socket also does when its peer has closed in
// good order, and what it has sent is still to be read.
func (c *Conn) hungUp(fd int, failed bool) {
	errno, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil:
	case errno != 0:
		c.fail(uv.Check("server: connection", -errno))
	case failed, c.remote.IsValid() && !c.has(shut):
		c.fail(uv.Check("server: connection", int(uv.ECONNRESET)))
	}
}
