package uvnet

import (
	"io"
	"os"

	"github.com/uvgo/uvgo/internal/core"
	"golang.org/x/sys/unix"
)

// Read reads what there is, at least one byte, and waits for it if need be. p is borrowed
// until Read returns, also where a deadline or Close ends it.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.read(p)
	if err != nil && err != io.EOF {
		err = c.opError("read", c.laddr, c.raddr, err)
	}
	return n, err
}

// read looks for bytes among what the loop has read ahead, then in the kernel unless the
// loop reads there, and then waits for the loop.
func (c *conn) read(p []byte) (int, error) {
	c.rmu.Lock()
	defer c.rmu.Unlock()
	if err := c.acquire(); err != nil {
		return 0, err
	}
	defer c.release()
	return c.receive(p)
}

// receive is read for the caller that holds rmu and the descriptor.
func (c *conn) receive(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		c.mu.Lock()
		c.in.into = nil
		if err := c.checkLocked(&c.rd); err != nil {
			c.mu.Unlock()
			return 0, err
		}
		if c.in.ahead != nil {
			n, rest := c.in.ahead.moveTo(p)
			c.in.ahead = rest
			c.mu.Unlock()
			return n, nil
		}
		if err := c.in.popErr(); err != nil {
			c.mu.Unlock()
			return 0, err
		}
		if c.in.state == readDirect {
			if !c.in.drained {
				c.mu.Unlock()
				n, err := c.readNow(p)
				if err == unix.EAGAIN {
					continue
				}
				return n, err
			}
			if c.unassisted() {
				c.mu.Unlock()
				c.in.drained = false
				if err := c.pollWait(&c.rd); err != nil {
					return 0, err
				}
				continue
			}
			if !c.askToRead() {
				c.mu.Unlock()
				return 0, errLoopClosed
			}
		}
		wait, err := core.BeginWait("read")
		if err != nil {
			c.mu.Unlock()
			return 0, err
		}
		c.in.into = p
		c.beginWait(&c.rd)
		c.mu.Unlock()
		wait.Receive(c.rd.wake)
		if n := c.in.got; n > 0 {
			c.in.got = 0
			return n, nil
		}
	}
}

// askToRead has the loop read; false if it is closed. The caller holds rmu and mu.
func (c *conn) askToRead() bool {
	c.in.ask()
	c.life.share()
	if !c.w.push((*readTask)(c)) {
		c.in.stop()
		return false
	}
	return true
}

// recv is one read(2) that does not block, even where File's user has made the descriptor
// a blocking one.
func (c *conn) recv(p []byte) (int, error) {
	if c.mayBlock() {
		n, _, err := unix.Recvfrom(c.fd, p, unix.MSG_DONTWAIT)
		return n, err
	}
	return unix.Read(c.fd, p)
}

// readNow reads from the kernel. The caller holds rmu, and the state is readDirect.
func (c *conn) readNow(p []byte) (int, error) {
	for {
		n, err := c.recv(p)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			c.in.drained = true
			return 0, err
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		case n == 0:
			return 0, io.EOF
		}
		c.in.drained = n < len(p) // a second read would most likely find nothing
		c.in.direct += n
		return n, nil
	}
}

// takeAhead reads of what has been read ahead. The caller holds rmu.
func (c *conn) takeAhead(p []byte) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in.ahead != nil {
		n, c.in.ahead = c.in.ahead.moveTo(p)
	}
	return n
}
