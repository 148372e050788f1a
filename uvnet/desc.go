package uvnet

import (
	"math"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/internal/bubble"
)

// A desc is a socket with its loop, its two sides and their deadlines: what
// connections, listeners and packet connections have in common.
type desc struct {
	ref   ref
	self  interface{ destroy() } // what this desc is part of
	fd    int
	w     *worker
	net   string
	laddr net.Addr
	raddr net.Addr

	mu     sync.Mutex // guards the sides; never held in a call that may block
	rd, wr side
}

// A side is one direction of a desc. At most one goroutine waits on it: the
// holder of that direction's lock. Whoever resets waiting sends on wake.
type side struct {
	deadline int64 // on the clock of now; 0: none
	due      int64 // when the timer fires; 0: it does not run
	timer    *time.Timer
	waiting  bool
	wake     chan struct{} // of capacity one
}

// now is the monotonic clock in nanoseconds, never 0.
func now() int64 { return int64(bubble.Monotonic()) + 1 }

// expired tells whether the deadline has passed.
func (s *side) expired() bool { return s.deadline != 0 && s.deadline <= now() }

// beginWait makes the caller the goroutine that waits. The caller holds d.mu, and
// then receives from wake without d.mu.
func (d *desc) beginWait(s *side) {
	if s.wake == nil {
		s.wake = bubble.NewWake()
	}
	s.waiting = true
	d.arm(s)
}

// endWait ends the wait of the goroutine that waits. If there is one, it returns true, and
// the caller sends on wake, preferably without d.mu. The caller holds d.mu.
func (s *side) endWait() bool {
	w := s.waiting
	s.waiting = false
	return w
}

// signal ends the wait of the goroutine that waits, and wakes it. The caller holds d.mu.
func (s *side) signal() {
	if s.endWait() {
		s.wake <- struct{}{}
	}
}

// arm makes sure that the timer fires no later than the deadline. The timer is set only
// while somebody waits, and expire sets one that fires early anew: so to move a deadline
// away costs nothing. In a bubble of testing/synctest the clock does not move while
// somebody waits for the network, so there the loop sets the timer, which is outside. The
// caller holds d.mu.
func (d *desc) arm(s *side) {
	if s.deadline == 0 || s.due != 0 && s.due <= s.deadline {
		return
	}
	if bubble.Bubbled() {
		d.w.push((*armTask)(d))
		return
	}
	s.due = s.deadline
	wait := time.Duration(s.deadline - now())
	if s.timer == nil {
		s.timer = time.AfterFunc(wait, func() { d.expire(s) })
	} else {
		s.timer.Reset(wait)
	}
}

// armTask is a desc whose deadlines need timers.
type armTask desc

func (t *armTask) run() {
	d := (*desc)(t)
	d.mu.Lock()
	for _, s := range []*side{&d.rd, &d.wr} {
		if s.waiting {
			d.arm(s)
		}
	}
	d.mu.Unlock()
}

// expire runs when a timer fires.
func (d *desc) expire(s *side) {
	d.mu.Lock()
	s.due = 0
	if s.waiting {
		if s.expired() {
			s.signal()
		} else {
			d.arm(s)
		}
	}
	d.mu.Unlock()
}

// endWaits ends both waits and both timers of a desc that is closed. The caller holds d.mu.
func (d *desc) endWaits() {
	for _, s := range []*side{&d.rd, &d.wr} {
		if s.timer != nil {
			s.timer.Stop()
		}
		s.signal()
	}
}

// acquire keeps the descriptor open until release. EINVAL for a zero value.
func (d *desc) acquire() error {
	if err := d.checkInit(); err != nil {
		return err
	}
	if !d.ref.acquire() {
		return net.ErrClosed
	}
	return nil
}

// checkInit fails for a zero value: EINVAL, as package net's.
func (d *desc) checkInit() error {
	if d.w == nil {
		return syscall.EINVAL
	}
	return nil
}

// release ends what acquire began. The last user of a closed descriptor has it closed.
func (d *desc) release() {
	if d.ref.release() {
		d.self.destroy()
	}
}

// setDeadline changes the deadline of the sides, and wakes a goroutine whose deadline has
// passed thereby.
func (d *desc) setDeadline(t time.Time, sides ...*side) error {
	if err := d.acquire(); err != nil {
		return d.opError("set", nil, d.laddr, err)
	}
	defer d.release()
	at := deadlineAt(t)
	d.mu.Lock()
	for _, s := range sides {
		s.deadline = at
		if !s.waiting || at == 0 {
			continue
		}
		if s.expired() {
			s.signal()
		} else {
			d.arm(s)
		}
	}
	d.mu.Unlock()
	return nil
}

// deadlineAt is t on the clock of now. Its distance from the present is what counts, as
// for package net: a t without a monotonic reading is on the wall clock, which may be set
// at any time.
func deadlineAt(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	left := int64(time.Until(t))
	if at := now() + left; left <= 0 || at > 0 {
		return max(at, 1)
	}
	return math.MaxInt64
}

// checkLocked tells why an operation on a side must not go on, or nil. The caller holds
// d.mu.
func (d *desc) checkLocked(s *side) error {
	switch {
	case d.ref.closed():
		return net.ErrClosed
	case s.expired():
		return os.ErrDeadlineExceeded
	case d.w.closed.Load():
		return errLoopClosed
	}
	return nil
}

// check is checkLocked for a caller without d.mu.
func (d *desc) check(s *side) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.checkLocked(s)
}

// opError is the error of package net for an operation on this socket.
func (d *desc) opError(op string, source, addr net.Addr, err error) error {
	return &net.OpError{Op: op, Net: d.net, Source: source, Addr: addr, Err: err}
}

// file is File of all sockets. before, which may be nil, runs first and may refuse.
func (d *desc) file(source, addr net.Addr, before func() error) (*os.File, error) {
	err := d.acquire()
	var f *os.File
	if err == nil {
		if before != nil {
			err = before()
		}
		if err == nil {
			f, err = d.dup()
		}
		d.release()
	}
	if err != nil {
		return nil, d.opError("file", source, addr, err)
	}
	return f, nil
}

// dup returns a duplicate of the descriptor, made by package net: its Fd sets blocking
// mode, which a file made by os.NewFile does not do.
func (d *desc) dup() (*os.File, error) {
	fd, err := duplicate(d.fd)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), d.net)
	defer f.Close()
	var c any
	if d.net[0] == 't' || d.net == "unix" {
		c, err = net.FileListener(f) // FileConn sets options of a connection
	} else {
		c, err = net.FilePacketConn(f)
	}
	if err != nil {
		return nil, unwrapOp(err)
	}
	s := c.(interface {
		File() (*os.File, error)
		Close() error
	})
	defer s.Close()
	dup, err := s.File()
	return dup, unwrapOp(err)
}
