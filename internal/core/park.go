package core

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/cuv"
)

// parkBatch is how many ready descriptors a turn of such a loop takes at most. A
// turn keeps its processor while it is in C, and the goroutines that it will ready
// wait. After some 20 µs Go's monitor thread takes the processor away, and then does
// not come to rest: it looks again every 20 µs, as long as turns are that long.
const parkBatch = 32

// park is the wait of a loop that parks its goroutine.
type park struct {
	file     *os.File           // a duplicate of the backend descriptor, nil: the loop waits in libuv
	raw      syscall.RawConn    // file's
	look     func(uintptr) bool // the method tryTurn
	deadline time.Time          // of file, as the loop knows it
	force    bool               // the next turn of the wait is forced
	turns    uint64             // turns of the wait
	extra    uint64             // runs of libuv beyond one a turn, so far
	idle     idleTime
}

// openPark registers a duplicate of the backend descriptor with Go's netpoller:
// what becomes readable is libuv's epoll (or kqueue) set as a whole.
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

// wait turns the loop without blocking, and parks the goroutine between turns,
// until there is something to deliver, or the loop ends. It wakes when the
// backend descriptor becomes readable, a timer is due, or by wakeLocked.
//
// Go watches the descriptor edge-triggered and forgets an edge when a wait
// begins. So what parks is the last turn itself: one that found no descriptor
// ready, behind the beginning of the wait. All turns of a wait are one round: the
// check callbacks run once, in the turn that ends it.
func (c *Core) wait(force bool) {
	c.park.force = force
	for errors.Is(c.park.raw.Read(c.park.look), os.ErrDeadlineExceeded) {
		c.park.idle.end()
		c.park.deadline = time.Time{} // a timer's, or wakeLocked's
		if c.park.file.SetReadDeadline(c.park.deadline) != nil {
			break
		}
	}
	c.park.idle.end()
	c.busy.end()
	c.waking.parked.Store(false)
}

// turnsMax is how many turns in a row may bring nothing.
const turnsMax = 8

// tryTurn makes a turn and tells whether to go on without parking. The parked
// flag goes up before the looks at the queue.
func (c *Core) tryTurn(uintptr) bool {
	c.park.idle.end()
	for n := 0; ; n++ {
		c.waking.parked.Store(true)
		mode := cuv.RunProbe
		if c.posted() || c.ended() {
			mode = cuv.RunNoWait
		}
		c.ring.Turn(mode, c.park.force)
		c.park.turns++
		c.park.force = false
		retracted := c.ring.Retracted()
		if c.waiting() || c.ended() || !c.ring.WasAlive() || c.ring.Deferred() || c.Idling() {
			if retracted { // somebody posted meanwhile, which ends the wait: the check callbacks are due
				continue
			}
			return true
		}
		ms := c.ring.Timeout()
		if c.ring.Busy() || ms == 0 { // something happened that is nobody's business
			if n < turnsMax && len(c.phases.prepare.list) == 0 {
				continue
			}
			return true // the next round runs prepare callbacks; or it goes on: let others run
		}
		if c.busy.again() {
			c.park.idle.begin()
			c.waking.parked.Store(false) // who posts need not wake it
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
			c.park.idle.begin()
			return false
		}
		c.park.deadline = deadline
		failed := c.park.file.SetReadDeadline(deadline) != nil
		if failed || c.posted() || c.ended() { // the deadline of who posted meanwhile may be lost
			if retracted && !failed {
				continue
			}
			return true
		}
		c.park.idle.begin()
		return false
	}
}
