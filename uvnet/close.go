package uvnet

import (
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/bubble"
	"github.com/uvgo/uvgo/internal/core"
)

// Close closes the connection and ends calls under way with net.ErrClosed. What
// Write has accepted is still sent, as by package net. Close may take as long as
// SetLinger says.
func (c *conn) Close() error {
	if err := c.checkInit(); err != nil {
		return err
	}
	if !c.ref.close() {
		return c.opError("close", c.laddr, c.raddr, net.ErrClosed)
	}
	c.wakeUsers()
	done, limit := c.closeWait()
	c.release()
	awaitClose(done, limit)
	return nil
}

// wakeUsers wakes the goroutines that use a closed descriptor, so that they leave. The
// caller has just marked it closed, and uses it too.
func (c *conn) wakeUsers() {
	c.mu.Lock()
	c.endWaits()
	c.updatePoller()
	c.wakeFile()
	if c.life.state != lifeUnshared { // else a goroutine closes it, which may sleep
		c.findLinger()
	}
	c.mu.Unlock()
}

// destroy has the descriptor closed. The last user calls it, once.
func (c *conn) destroy() {
	if c.life.counted {
		c.w.counts.closed.Add(1)
	}
	lent, tell := c.leave()
	if c.poller != nil {
		c.poller.closeByConn()
	}
	switch {
	case lent: // the poller has closed it, or its loop will
	case !tell:
		unix.Close(c.fd)
		c.wakeCloser(true)
	case !c.w.pushClose((*closeTask)(c)):
		c.mu.Lock()
		ours := c.life.orphan()
		c.mu.Unlock()
		if ours {
			unix.Close(c.fd)
		}
		c.wakeCloser(true)
	}
}

// leave notes that the last user has left, and drops what nobody will read. It tells
// whether the poller has the descriptor, and whether the loop has to be told.
func (c *conn) leave() (lent, tell bool) {
	if c.life.left != nil {
		defer c.life.left() // without mu
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in.ahead != nil {
		c.in.ahead.free()
		c.in.ahead, c.life.unread = nil, true
	}
	lent = c.life.state == lifePoller
	return lent, c.life.leave()
}

// awaiting bounds how long Close waits for a loop, which may not run. Only tests change it.
var awaiting = time.Second

// closeWait returns what Close waits for, nil for nothing, and for how long. Close waits
// until the descriptor of a connection that was dialled is closed, as package net's does:
// the port is free then. The port of an accepted connection is its listener's, so to wait
// for that one is not worth a turn of the loop. Unsent bytes keep a port in use, by package
// net as well; only a connection with SO_LINGER waits for them.
func (c *conn) closeWait() (done <-chan struct{}, limit time.Duration) {
	c.mu.Lock()
	linger, dialed := max(c.life.linger, 0), c.life.dialed
	c.mu.Unlock()
	if linger == 0 && (!dialed || c.w.closed.Load()) {
		return nil, 0
	}
	wake := bubble.NewWake()
	c.mu.Lock()
	c.life.done = wake
	c.mu.Unlock()
	return wake, awaiting + 2*linger
}

// awaitClose waits until the loop has closed a descriptor, and for limit at most, because the loop
// may not run. A nil done needs no wait. In a callback of a loop that cannot be lent it does not
// wait: that loop may be the one to close the descriptor.
func awaitClose(done <-chan struct{}, limit time.Duration) {
	if done == nil {
		return
	}
	wait, err := core.BeginWait("close")
	if err != nil {
		return
	}
	wait.For(func() {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		select {
		case <-done:
		case <-timer.C:
		}
	})
}

// wakeCloser wakes a Close that waits. One that SO_LINGER makes wait for unsent bytes
// is woken only if sent tells that these are done with.
func (c *conn) wakeCloser(sent bool) {
	c.mu.Lock()
	done := c.life.done
	if done != nil && (sent || c.life.linger <= 0) {
		c.life.done = nil
		done <- struct{}{} // does not block: it is sent once, to a channel for one
	}
	c.mu.Unlock()
}

// CloseRead ends the reading side: what has arrived can still be read.
func (c *conn) CloseRead() error { return c.shutdown(unix.SHUT_RD) }

// CloseWrite ends the writing side: the peer reads io.EOF behind the bytes that
// were written. A Write that waits ends with EPIPE.
func (c *conn) CloseWrite() error {
	c.mu.Lock()
	byLoop := !c.ref.closed() && c.out.end()
	if byLoop {
		c.wr.signal()
	}
	c.mu.Unlock()
	if byLoop {
		return nil // the loop ends the side behind its piece
	}
	err := c.shutdown(unix.SHUT_WR)
	if err == nil {
		c.mu.Lock()
		if c.poller != nil {
			c.poller.retryWrite() // a unix socket's poll does not report its own end
		}
		c.mu.Unlock()
	}
	return err
}

func (c *conn) shutdown(how int) error {
	err := c.acquire()
	if err == nil {
		err = os.NewSyscallError("shutdown", unix.Shutdown(c.fd, how))
		c.release()
	}
	if err != nil {
		return c.opError("close", c.laddr, c.raddr, err)
	}
	return nil
}
