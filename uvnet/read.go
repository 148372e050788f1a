package uvnet

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Read reads what there is, at least one byte, waiting for it if need be. p is
// the caller's alone again when Read returns, also when a deadline or Close
// ended it.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.read(p)
	if err != nil && err != io.EOF {
		err = c.opError("read", c.laddr, c.raddr, err)
	}
	return n, err
}

// read looks for bytes where they can be: read ahead by the loop, or in the
// kernel while the loop does not read; then it waits for the loop.
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
		c.into = nil
		if err := c.ready(&c.rd); err != nil {
			c.mu.Unlock()
			return 0, err
		}
		if c.ahead != nil {
			n, rest := c.ahead.take(p)
			c.ahead = rest
			c.mu.Unlock()
			return n, nil
		}
		if err := c.failed; err != nil {
			c.failed = nil
			c.mu.Unlock()
			return 0, err
		}
		hand := c.hand.Load() && !c.reading
		if !c.reading && !c.dry {
			c.mu.Unlock()
			n, err := c.readNow(p)
			if err == unix.EAGAIN {
				continue
			}
			return n, err
		}
		if hand {
			c.mu.Unlock()
			c.dry = false
			if err := c.watch(&c.rd); err != nil {
				return 0, err
			}
			continue
		}
		if !c.reading {
			c.bulk = c.own >= bulky
			c.dry, c.own, c.reading, c.onLoop = false, 0, true, true
			if !c.w.push((*readTask)(c)) {
				c.reading = false
				c.mu.Unlock()
				return 0, errLoopGone
			}
		}
		c.into = p
		c.begin(&c.rd)
		c.mu.Unlock()
		<-c.rd.wake
		if n := c.got; n > 0 {
			c.got = 0
			return n, nil
		}
	}
}

// recv is one read that does not wait, whatever has been done to the descriptor.
func (c *conn) recv(p []byte) (int, error) {
	if c.filed.Load() {
		n, _, err := unix.Recvfrom(c.fd, p, unix.MSG_DONTWAIT)
		return n, err
	}
	return unix.Read(c.fd, p)
}

// readNow reads from the kernel, which is allowed while the loop does not.
func (c *conn) readNow(p []byte) (int, error) {
	for {
		n, err := c.recv(p)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			c.dry = true
			return 0, err
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		case n == 0:
			return 0, io.EOF
		}
		c.dry = n < len(p) // the next look would find nothing
		c.own += n
		return n, nil
	}
}
