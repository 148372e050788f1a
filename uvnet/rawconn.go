package uvnet

import (
	"os"
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

// Write runs f until it returns true, each time when there may be room.
func (r *rawPoller) Write(f func(fd uintptr) bool) error {
	return r.try("raw-write", r.wmu, &r.p.wr, f)
}

func (r *rawPoller) try(op string, mu *sync.Mutex, s *side, f func(fd uintptr) bool) error {
	mu.Lock()
	defer mu.Unlock()
	err := r.p.acquire()
	if err == nil {
		defer r.p.release()
		for err = r.p.usable(s); err == nil && !f(uintptr(r.p.fd)); {
			err = r.p.wait(s)
		}
	}
	if err != nil {
		return r.p.opError(op, r.p.laddr, r.p.raddr, err)
	}
	return nil
}

// A rawStream is the syscall.RawConn of a stream connection.
type rawStream struct{ c *conn }

var _ syscall.RawConn = rawStream{}

// SyscallConn gives access to the descriptor. Its Read makes the loop stop
// reading; bytes that it had read before are Read's of the connection, not the
// descriptor's.
func (c *conn) SyscallConn() (syscall.RawConn, error) {
	if err := c.there(); err != nil {
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
	return c.try("raw-read", &c.rd, c.halt, f)
}

// Write runs f until it returns true, each time when there may be room.
func (r rawStream) Write(f func(fd uintptr) bool) error {
	c := r.c
	c.wmu.Lock()
	defer c.wmu.Unlock()
	return c.try("raw-write", &c.wr, c.room, f)
}

// try runs f until it returns true. The loop would read what it finds; so a
// poller on a duplicate of the descriptor does the waiting.
func (c *conn) try(op string, s *side, ready func() error, f func(fd uintptr) bool) error {
	err := c.acquire()
	if err == nil {
		defer c.release()
		for err = ready(); err == nil && !f(uintptr(c.fd)); {
			if err = c.watch(s); err == nil {
				err = ready()
			}
		}
	}
	if err != nil {
		return c.opError(op, c.laddr, c.raddr, err)
	}
	return nil
}

// halt makes the loop stop reading.
func (c *conn) halt() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if err := c.ready(&c.rd); err != nil || !c.reading {
			return err
		}
		c.into = nil
		if !c.w.push((*haltTask)(c)) {
			return errLoopGone
		}
		c.begin(&c.rd)
		c.mu.Unlock()
		<-c.rd.wake
		c.mu.Lock()
		c.dry = false
	}
}

// haltTask is a connection whose reading is to stop.
type haltTask conn

// run has reading stop behind this turn's callbacks, see worker.batched.
func (t *haltTask) run() {
	c := (*conn)(t)
	c.mu.Lock()
	c.halting = true
	c.mu.Unlock()
	c.w.full = append(c.w.full, c)
}

// watch waits until the side is ready, or no longer usable.
func (c *conn) watch(s *side) error {
	fd, err := duplicate(c.fd)
	if err != nil {
		return err
	}
	p := new(poller)
	p.init(c.w, c.net, fd, c.laddr, c.raddr)
	mine := &p.rd
	c.mu.Lock()
	if s == &c.wr {
		mine = &p.wr
		c.watchers[1] = p
	} else {
		c.watchers[0] = p
	}
	mine.deadline = s.deadline
	c.mu.Unlock()
	if err = c.usable(s); err == nil {
		err = p.wait(mine)
	}
	if err == os.ErrDeadlineExceeded {
		err = nil // c knows better whether it is that, or Close
	}
	c.mu.Lock()
	for i := range c.watchers {
		if c.watchers[i] == p {
			c.watchers[i] = nil
		}
	}
	c.mu.Unlock()
	p.shut()
	return err
}

// tellWatchers passes on a deadline or Close; mu is held.
func (c *conn) tellWatchers() {
	for i, p := range c.watchers {
		if p == nil {
			continue
		}
		from, to := &c.rd, &p.rd
		if i == 1 {
			from, to = &c.wr, &p.wr
		}
		p.mu.Lock()
		if to.deadline = from.deadline; c.ref.closed() {
			to.deadline = 1 // passed: who is about to wait must not
		}
		if to.expired() {
			to.signal()
		} else if to.waiting {
			p.arm(to)
		}
		p.mu.Unlock()
	}
}
