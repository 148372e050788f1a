package uvnet

import (
	"sync"
	"syscall"
)

// control runs f on the descriptor while it is open.
func (d *desc) control(f func(fd uintptr)) error {
	if err := d.acquire(); err != nil {
		return d.opError("raw-control", nil, d.laddr, err)
	}
	defer d.release()
	f(uintptr(d.fd))
	return nil
}

// A rawPoller is the syscall.RawConn of a listener or packet connection.
type rawPoller struct {
	p        *poller
	rmu, wmu *sync.Mutex
}

var _ syscall.RawConn = (*rawPoller)(nil)

// Control runs f on the descriptor.
func (r *rawPoller) Control(f func(fd uintptr)) error { return r.p.control(f) }

// Read runs f until it returns true, each time when there may be something to
// read.
func (r *rawPoller) Read(f func(fd uintptr) bool) error {
	return r.try("raw-read", r.rmu, &r.p.rd, f)
}

// Write runs f until it returns true, each time when the kernel may accept more.
func (r *rawPoller) Write(f func(fd uintptr) bool) error {
	return r.try("raw-write", r.wmu, &r.p.wr, f)
}

func (r *rawPoller) try(op string, mu *sync.Mutex, s *side, f func(fd uintptr) bool) error {
	mu.Lock()
	defer mu.Unlock()
	err := r.p.acquire()
	if err == nil {
		defer r.p.release()
		for err = r.p.check(s); err == nil && !f(uintptr(r.p.fd)); {
			err = r.p.wait(s)
		}
	}
	if err != nil {
		return r.p.opError(op, r.p.laddr, r.p.raddr, err)
	}
	return nil
}

// A rawListener is the syscall.RawConn of a listener, which is not read from nor
// written to.
type rawListener struct{ p *poller }

var _ syscall.RawConn = rawListener{}

// Control runs f on the descriptor.
func (r rawListener) Control(f func(fd uintptr)) error { return r.p.control(f) }

// Read fails with EINVAL, as package net's.
func (r rawListener) Read(func(fd uintptr) bool) error { return syscall.EINVAL }

// Write fails with EINVAL, as package net's.
func (r rawListener) Write(func(fd uintptr) bool) error { return syscall.EINVAL }

// A rawStream is the syscall.RawConn of a stream connection.
type rawStream struct{ c *conn }

var _ syscall.RawConn = rawStream{}

// SyscallConn gives access to the descriptor. The RawConn's Read makes the loop stop
// reading. While there are bytes that the loop has read before, its function gets a unix
// socket with those bytes in the place of the descriptor; what the function reads of them
// is gone for the connection's Read, too. Control always gives the descriptor itself: a
// recv with MSG_PEEK there does not see those bytes.
func (c *conn) SyscallConn() (syscall.RawConn, error) {
	if err := c.checkInit(); err != nil {
		return nil, err
	}
	return rawStream{c}, nil
}

// Control runs f on the descriptor.
func (r rawStream) Control(f func(fd uintptr)) error { return r.c.control(f) }

// Read runs f until it returns true, each time when there may be something to
// read.
func (r rawStream) Read(f func(fd uintptr) bool) error {
	c := r.c
	c.rmu.Lock()
	defer c.rmu.Unlock()
	return c.try("raw-read", &c.rd, c.stopLoop, func() (bool, error) { return c.rawRead(f) })
}

// Write runs f until it returns true, each time when the kernel may accept more.
func (r rawStream) Write(f func(fd uintptr) bool) error {
	c := r.c
	c.wmu.Lock()
	defer c.wmu.Unlock()
	return c.try("raw-write", &c.wr, func() error { return c.awaitLoopWrite(false) },
		func() (bool, error) { return f(uintptr(c.fd)), nil })
}

// try runs f until it is done. Between two runs it waits for a poller, since a stream that
// waits for bytes would read them.
func (c *conn) try(op string, s *side, ready func() error, f func() (done bool, err error)) error {
	err := c.acquire()
	if err == nil {
		defer c.release()
		for err = ready(); err == nil; err = ready() {
			var done bool
			if done, err = f(); done || err != nil {
				break
			}
			if err = c.pollWait(s); err != nil {
				break
			}
		}
	}
	if err != nil {
		return c.opError(op, c.laddr, c.raddr, err)
	}
	return nil
}
