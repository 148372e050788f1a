package uvnet

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/bubble"
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

// errAhead is what File fails with where bytes would be lost.
var errAhead = errors.New("bytes of the connection have been read ahead: Read them first")

// File returns a duplicate of the socket, as package net's File: it is in blocking
// mode, and the connection with it, once its Fd has been called, as os/exec does for a
// child's stdin. So from now on the loop leaves the connection to the goroutines that
// read and write, which costs them more. An error if the loop has read ahead, for those
// bytes are not in the duplicate: call it before the first Read, or Read them. Closing
// one does not affect the other.
func (c *conn) File() (*os.File, error) {
	err := c.acquire()
	var f *os.File
	if err == nil {
		if err = c.detach(); err == nil {
			f, err = c.dup()
		}
		c.release()
	}
	if err != nil {
		return nil, c.opError("file", c.laddr, c.raddr, err)
	}
	return f, nil
}

// detach makes the loop leave the descriptor alone for good.
func (c *conn) detach() error {
	c.fmu.Lock()
	defer c.fmu.Unlock()
	wake := bubble.NewWake()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mode.Store(modeFile)
	defer func() { c.fileWake = nil }()
	for c.in.state != readDirect || c.out.state != writeDirect {
		if c.ref.closed() || c.w.closed.Load() {
			break // nothing reads or writes any more
		}
		if c.in.state != readDirect && !c.w.push((*stopTask)(c)) {
			break
		}
		c.fileWake = wake
		c.mu.Unlock()
		<-wake
		c.mu.Lock()
	}
	if c.in.ahead != nil {
		return errAhead
	}
	return nil
}

// wakeFile tells detach to look again; mu is held.
func (c *conn) wakeFile() {
	if c.fileWake != nil {
		c.fileWake <- struct{}{}
		c.fileWake = nil
	}
}
