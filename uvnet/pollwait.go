package uvnet

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Where the loop has no part in reading and writing, goroutines make the system calls
// themselves and wait for a poller, as a listener's do: on a unix socket, in a call of a
// RawConn, and in every call after File.

// pollWait waits until the side may be ready. It also returns when a deadline has passed
// or the connection is closed: the caller checks that, and tries again.
func (c *conn) pollWait(s *side) error {
	c.mu.Lock()
	p, err := c.openPoller()
	c.mu.Unlock()
	if err != nil {
		return c.waitWithoutPoller(err, s)
	}
	mine := &p.rd
	if s == &c.wr {
		mine = &p.wr
	}
	if err := p.wait(mine); err != os.ErrDeadlineExceeded { // it may also be Close: the caller checks
		return c.waitWithoutPoller(err, s)
	}
	return nil
}

// waitWithoutPoller waits by poll(2) if err, of making a poller, says that the process has
// no descriptor left. Any other err it returns. It waits for a moment only, so that the
// caller, who checks deadlines and Close and comes again, notices them.
func (c *conn) waitWithoutPoller(err error, s *side) error {
	if !errors.Is(err, unix.EMFILE) && !errors.Is(err, unix.ENFILE) {
		return err
	}
	const moment = 10 // ms
	p := []unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLIN}}
	if s == &c.wr {
		p[0].Events = unix.POLLOUT
	}
	if _, err := unix.Poll(p, moment); err != nil && err != unix.EINTR {
		return sysCall("poll", err)
	}
	return nil
}

// openPoller returns the connection's poller, and makes it first if need be. The caller
// holds mu. The poller of a TCP connection has a duplicate of the descriptor, since libuv
// takes a number for one handle only. The poller of a unix connection has the descriptor
// itself, and closes it.
func (c *conn) openPoller() (*poller, error) {
	if c.poller != nil {
		return c.poller, nil
	}
	p, fd := new(poller), c.fd
	if !c.unix() {
		var err error
		if fd, err = duplicate(c.fd); err != nil {
			return nil, err
		}
		p.copied = true
	} else {
		p.lender = c
		c.life.to(lifePoller)
	}
	p.init(c.w, c.net, fd, c.laddr, c.raddr)
	_ = p.acquire() // until closeByConn
	c.poller = p
	c.copyDeadlines(p)
	return p, nil
}

// closeByLoop closes a unix connection whose poll handle was closed by the loop's shutdown
// or by somebody who walked the loop's handles. The guard of a TCP stream does the same.
func (c *conn) closeByLoop() {
	if c.ref.close() {
		c.wakeUsers()
		c.release()
	}
}

// updatePoller tells the poller, if there is one, of a changed deadline or of Close. The
// caller holds mu.
func (c *conn) updatePoller() {
	if c.poller != nil {
		c.copyDeadlines(c.poller)
	}
}

// copyDeadlines gives the poller's sides the deadlines of the connection's, and wakes who
// waits past one. The caller holds mu.
func (c *conn) copyDeadlines(p *poller) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range [...]struct{ from, to *side }{{&c.rd, &p.rd}, {&c.wr, &p.wr}} {
		if s.to.deadline = s.from.deadline; c.ref.closed() {
			s.to.deadline = 1 // long passed: nobody begins to wait
		}
		if s.to.expired() {
			s.to.signal()
		} else if s.to.waiting {
			p.arm(s.to)
		}
	}
}
