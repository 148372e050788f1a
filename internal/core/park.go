package core

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/cuv"
)

// parkBatch is how many ready descriptors a turn of a loop that parks on Go takes at most.
// While a turn is in C it keeps its processor, and the goroutines that it will ready wait.
// After some 20 µs Go's monitor thread takes the processor away. From then on the monitor
// looks every 20 µs, as long as turns are that long.
const parkBatch = 32

// park is the wait of a loop that parks its goroutine.
type park struct {
	file     *os.File           // a duplicate of the backend descriptor, nil: the loop waits in libuv
	raw      syscall.RawConn    // file's
	look     func(uintptr) bool // the method tryTurn
	deadline time.Time          // the read deadline that the loop has set on file
	force    bool               // the next turn of the wait is forced
	turns    uint64             // turns of the wait
	extra    uint64             // runs of libuv beyond one a turn, so far
	idle     idleTime
}

// openPark registers a duplicate of the backend descriptor with Go's netpoller. It becomes
// readable when any descriptor in libuv's epoll (or kqueue) set is ready.
func (c *Core) openPark() error {
	syscall.ForkLock.RLock()
	fd, err := syscall.Dup(c.ring.BackendFD())
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return os.NewSyscallError("dup", err)
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		syscall.Close(fd)
		return os.NewSyscallError("fcntl", err)
	}
	c.ring.SetBatchMax(parkBatch)
	c.park.file = os.NewFile(uintptr(fd), "uv-backend")
	c.park.look = c.tryTurn
	c.park.raw, err = c.park.file.SyscallConn()
	return err
}

// wait makes turns that do not block, and parks the goroutine between them, until there is
// something to deliver or the loop ends. Three things end a parking: the backend descriptor
// becomes readable, a timer is due, or interrupt sets a deadline in the past.
//
// Go watches the descriptor edge-triggered, and forgets an edge when a wait begins. So the
// turn that finds no descriptor ready is made after the wait has begun: Go calls tryTurn
// then, and parks when it returns false. All turns of a wait are one round. The check
// callbacks run once, in the turn that ends it.
func (c *Core) wait(force bool) {
	c.park.force = force
	for errors.Is(c.park.raw.Read(c.park.look), os.ErrDeadlineExceeded) {
		c.unparks()
		c.park.deadline = time.Time{} // it was a timer's, or interrupt has set it
		if c.park.file.SetReadDeadline(c.park.deadline) != nil {
			break
		}
	}
	c.unparks()
	c.busy.end()
	c.waking.parked.Store(false)
}

// turnsMax is how many turns in a row may bring nothing.
const turnsMax = 8

// tryTurn makes a turn and tells whether to go on without parking. It raises the parked
// flag before it looks at the queue; see cross.
func (c *Core) tryTurn(uintptr) bool {
	c.unparks()
	for n := 0; ; n++ {
		c.waking.parked.Store(true)
		mode := cuv.RunProbe
		if c.called() {
			mode = cuv.RunNoWait
		}
		c.ring.Turn(mode, c.park.force)
		c.park.turns++
		c.park.force = false
		retracted := c.ring.Retracted()
		if c.waiting() || c.called() || !c.ring.WasAlive() || c.ring.Deferred() || c.Idling() {
			if retracted { // a post ends the wait, so the round has to run its check callbacks
				continue
			}
			return true
		}
		ms := c.ring.Timeout()
		if c.ring.Busy() || ms == 0 { // something happened for which there is no callback
			if n < turnsMax && len(c.phases.prepare.list) == 0 {
				continue
			}
			return true // end the round, for its prepare callbacks or to let other goroutines run
		}
		if c.busy.again() {
			c.parks()
			c.waking.parked.Store(false) // a post need not wake the loop now
			runtime.Gosched()
			c.sched.rested = true
			n = 0
			continue
		}
		deadline := time.Time{}
		if ms > 0 {
			deadline = time.Now().Add(time.Duration(ms) * time.Millisecond)
		}
		c.sched.rested = true
		if deadline.IsZero() && c.park.deadline.IsZero() {
			c.parks()
			return false
		}
		c.park.deadline = deadline
		failed := c.park.file.SetReadDeadline(deadline) != nil
		if failed || c.called() { // interrupt may have set its deadline before ours
			if retracted && !failed {
				continue
			}
			return true
		}
		c.parks()
		return false
	}
}

// parks notes that the wait begins, unless it has begun already.
func (c *Core) parks() {
	c.park.idle.begin()
	c.meter.park()
}

// unparks adds the wait that parks noted.
func (c *Core) unparks() {
	c.park.idle.end()
	c.meter.unpark()
}
