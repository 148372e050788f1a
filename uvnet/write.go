package uvnet

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/sock"
)

// pieceSize is how much of a write the loop takes over when the kernel takes no
// more: when it has been sent, there is room again.
const pieceSize = 2 << 10

// Write writes all of p, waiting for the peer to make room if need be: the
// kernel has it when Write returns. A deadline or Close may leave up to 2 KiB of
// what counts as written to the loop, which sends them in the background. p is
// the caller's alone again when Write returns.
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

// send is one write that does not wait, whatever has been done to the descriptor.
func (c *conn) send(p []byte) (int, error) {
	if c.mayBlock() {
		return unix.SendmsgN(c.fd, p, nil, nil, unix.MSG_DONTWAIT)
	}
	return sock.Send(c.fd, p)
}

// later is for a p of which the kernel takes nothing now: it gives the loop a piece,
// and says how much that was, or waits until there may be room.
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

// room waits until the loop has nothing left to write, and tells why the writer
// must not go on, or nil.
func (c *conn) mayWrite() error { return c.awaitLoopWrite(true) }

// flushed is room; unless writes, it does not mind CloseWrite.
func (c *conn) awaitLoopWrite(writes bool) error {
	c.mu.Lock()
	for {
		err := c.checkLocked(&c.wr)
		if err == nil && writes && c.out.state == writeEnding { // else the call itself says it
			err = os.NewSyscallError("write", unix.EPIPE)
		}
		if err == nil {
			err = c.out.popErr()
		}
		if err != nil || c.out.state == writeDirect {
			c.mu.Unlock()
			return err
		}
		c.beginWait(&c.wr)
		c.mu.Unlock()
		<-c.wr.wake
		c.mu.Lock()
	}
}

// awaitSent waits until the loop has written the last piece of a write, and tells
// why it could not. A deadline, Close or CloseWrite ends the wait without an error,
// for the loop goes on.
func (c *conn) awaitSent() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.out.state == writeByLoop && c.checkLocked(&c.wr) == nil {
		c.beginWait(&c.wr)
		c.mu.Unlock()
		<-c.wr.wake
		c.mu.Lock()
	}
	return c.out.popErr()
}

// submit makes the loop write a copy of p; false if it is closed. The caller holds wmu,
// and has waited for the loop's last piece.
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
