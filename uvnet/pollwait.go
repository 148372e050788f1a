package uvnet

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// By hand: goroutines read and write such a connection by themselves, and wait for a
// poller, as those of a listener do. So it is while a RawConn waits, always for a unix
// socket, and for good once File has been called.

// pollWait waits until the side may be ready; whether it may still be used the caller
// looks.
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
	if err := p.wait(mine); err != os.ErrDeadlineExceeded { // c knows better whether it is that, or Close
		return c.waitWithoutPoller(err, s)
	}
	return nil
}

// waitWithoutPoller waits without a poller if err says that there is no descriptor left for one;
// another err it returns. It waits by poll(2), for a moment only, so that the caller
// notices deadlines and Close: he asks again.
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

// openPoller returns the connection's poller; mu is held. Where libuv may know the
// descriptor the poller has a duplicate; else, the descriptor itself, which then ends
// with the poller.
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

// closeByLoop closes a connection whose loop was shut down, or whose handle somebody
// walked, as TCP's guard does.
func (c *conn) closeByLoop() {
	if c.ref.close() {
		c.wakeUsers()
		c.release()
	}
}

// updatePoller passes on a deadline or Close; mu is held.
func (c *conn) updatePoller() {
	if c.poller != nil {
		c.copyDeadlines(c.poller)
	}
}

func (c *conn) copyDeadlines(p *poller) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range [...]struct{ from, to *side }{{&c.rd, &p.rd}, {&c.wr, &p.wr}} {
		if s.to.deadline = s.from.deadline; c.ref.closed() {
			s.to.deadline = 1 // passed: who is about to wait must not
		}
		if s.to.expired() {
			s.to.signal()
		} else if s.to.waiting {
			p.arm(s.to)
		}
	}
}
