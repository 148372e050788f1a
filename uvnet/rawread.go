package uvnet

import (
	"syscall"

	"github.com/uvgo/uvgo/internal/core"
	"golang.org/x/sys/unix"
)

// rawRead runs f, which a RawConn's Read was given, on what holds the next bytes: the
// descriptor, or a socket with what the loop has read ahead. The pools of go-redis and of
// MySQL's driver check by such an f that an idle connection has no bytes. The caller holds
// rmu, and has stopped the loop's reading.
func (c *conn) rawRead(f func(fd uintptr) bool) (done bool, err error) {
	for {
		c.mu.Lock()
		ahead, err := c.in.ahead, c.in.err
		c.mu.Unlock()
		if ahead == nil {
			if err != nil {
				return false, err
			}
			return f(uintptr(c.fd)), nil
		}
		taken, done, err := ahead.lend(f)
		c.mu.Lock()
		if c.in.ahead = ahead.skip(taken); c.in.ahead != nil || done || err != nil {
			c.mu.Unlock()
			return done, err
		}
		c.mu.Unlock()
	}
}

// lend runs f on a socket that holds the buffer's bytes, as many as fit, and tells how many
// bytes f has read.
func (b *buffer) lend(f func(fd uintptr) bool) (taken int, done bool, err error) {
	pair, err := socketPair()
	if err != nil {
		return 0, false, err
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	n, err := unix.Write(pair[1], b.b[b.off:])
	if err != nil {
		return 0, false, sysCall("write", err)
	}
	done = f(uintptr(pair[0]))
	return n - left(pair[0]), done, nil
}

// socketPair makes two connected non-blocking sockets. A child that another goroutine
// starts meanwhile does not inherit them.
func socketPair() (pair [2]int, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if pair, err = unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); err != nil {
		return pair, sysCall("socketpair", err)
	}
	for _, fd := range pair {
		unix.CloseOnExec(fd)
		if serr := unix.SetNonblock(fd, true); serr != nil {
			err = sysCall("setnonblock", serr)
		}
	}
	if err != nil {
		_ = unix.Close(pair[0])
		_ = unix.Close(pair[1])
	}
	return pair, err
}

// left empties a socket, and tells how many bytes it held.
func left(fd int) (total int) {
	b := newBuffer(copySize)
	defer b.free()
	for {
		n, err := unix.Read(fd, b.b[:copySize])
		if n > 0 {
			total += n
		} else if err != unix.EINTR {
			return total
		}
	}
}

// skip drops the first n bytes, and returns what then holds the rest, as moveTo does.
func (b *buffer) skip(n int) *buffer {
	if b.off += n; b.off < len(b.b) {
		return b
	}
	b.free()
	return nil
}

// stopLoop makes the loop stop reading, and waits until it has. The caller holds rmu.
func (c *conn) stopLoop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if err := c.checkLocked(&c.rd); err != nil || c.in.state == readDirect {
			return err
		}
		wait, err := core.BeginWait("read")
		if err != nil {
			return err
		}
		c.in.into = nil
		if !c.w.push((*stopTask)(c)) {
			return errLoopClosed
		}
		c.beginWait(&c.rd)
		c.mu.Unlock()
		wait.Receive(c.rd.wake)
		c.mu.Lock()
		c.in.drained = false
	}
}

// stopTask is a connection whose reading is to stop.
type stopTask conn

// run has reading stop behind this turn's callbacks, see worker.batched. If the loop does
// not read, whatever stopped it has also woken the goroutine that asked.
func (t *stopTask) run() {
	c := (*conn)(t)
	c.mu.Lock()
	if c.in.stopSoon() {
		c.w.toStop = append(c.w.toStop, c)
	}
	c.mu.Unlock()
}
