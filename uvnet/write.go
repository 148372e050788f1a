package uvnet

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/sock"
)

// pieceSize is how much of a write the loop takes over when the kernel's buffer is full.
// Once the kernel has accepted the piece, the goroutine writes on by itself.
const pieceSize = 2 << 10

// Write writes all of p: the kernel has it when Write returns, which may wait until the
// peer has read. A deadline or Close may leave up to 2 KiB of what counts as written to
// the loop, which sends them in the background. p is borrowed.
func (c *conn) Write(p []byte) (int, error) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	n, err := c.write(p)
	if err != nil {
		err = c.opError("write", c.laddr, c.raddr, err)
	}
	return n, err
}

// write writes p; the caller holds wmu.
func (c *conn) write(p []byte) (n int, err error) {
	if err := c.acquire(); err != nil {
		return 0, err
	}
	defer c.release()
	for {
		if err := c.mayWrite(); err != nil {
			return n, err
		}
		m, err := c.send(p[n:])
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			m, err := c.writeByLoop(p[n:])
			if err != nil {
				return n, err
			}
			if n += m; n == len(p) {
				return n, c.awaitSent()
			}
		case err != nil:
			return n, os.NewSyscallError("write", err)
		default:
			if n += m; n == len(p) {
				return n, nil
			}
		}
	}
}

// send is one write(2) that does not block, even where File's user has made the descriptor
// a blocking one.
func (c *conn) send(p []byte) (int, error) {
	if c.mayBlock() {
		return unix.SendmsgN(c.fd, p, nil, nil, unix.MSG_DONTWAIT)
	}
	return sock.Send(c.fd, p)
}

// writeByLoop is for a p of which the kernel accepts nothing now. It gives the loop a piece
// and returns the piece's size; where the loop has no part in writing, it waits until the
// kernel may accept more, and returns 0.
func (c *conn) writeByLoop(p []byte) (int, error) {
	if c.unassisted() {
		return 0, c.pollWait(&c.wr)
	}
	m := min(pieceSize, len(p))
	if !c.submit(p[:m]) {
		return 0, errLoopClosed
	}
	return m, nil
}

// mayWrite waits until the loop has nothing left to write. It tells why the writer must not
// go on, or nil.
func (c *conn) mayWrite() error { return c.awaitLoopWrite(true) }

// awaitLoopWrite is mayWrite; with writes false, CloseWrite is no reason not to go on.
func (c *conn) awaitLoopWrite(writes bool) error {
	c.mu.Lock()
	for {
		err := c.checkLocked(&c.wr)
		if err == nil && writes && c.out.state == writeEnding { // in writeDirect the kernel says it
			err = os.NewSyscallError("write", unix.EPIPE)
		}
		if err == nil {
			err = c.out.popErr()
		}
		if err != nil || c.out.state == writeDirect {
			c.mu.Unlock()
			return err
		}
		wait, err := core.BeginWait("write")
		if err != nil {
			c.mu.Unlock()
			return err
		}
		c.beginWait(&c.wr)
		c.mu.Unlock()
		wait.Receive(c.wr.wake)
		c.mu.Lock()
	}
}

// awaitSent waits until the loop has written the last piece of a write, and tells why the
// loop could not. A deadline, Close or CloseWrite ends the wait without an error, since the
// loop still writes the piece.
func (c *conn) awaitSent() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.out.state == writeByLoop && c.checkLocked(&c.wr) == nil {
		wait, err := core.BeginWait("write")
		if err != nil {
			return err
		}
		c.beginWait(&c.wr)
		c.mu.Unlock()
		wait.Receive(c.wr.wake)
		c.mu.Lock()
	}
	return c.out.popErr()
}

// submit makes the loop write a copy of p; false if the loop is closed. The caller holds
// wmu, and mayWrite has returned nil.
func (c *conn) submit(p []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.submit(p)
	c.life.share()
	if !c.w.push((*writeTask)(c)) {
		c.out.finish(nil)
		return false
	}
	return true
}
