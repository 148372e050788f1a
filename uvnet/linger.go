package uvnet

import (
	"time"

	"golang.org/x/sys/unix"
)

// close(2) of the last descriptor of a TCP socket with SO_LINGER sleeps until the peer has
// acknowledged what was unsent, even where the descriptor is non-blocking. A loop must not
// sleep. So libuv closes its number while a duplicate is open, a goroutine of its own
// closes the duplicate, and the user's Close waits for that, as package net's does.

// findLinger notes SO_LINGER. The caller holds mu, and uses the descriptor.
func (c *conn) findLinger() {
	if c.unix() {
		return
	}
	l, err := unix.GetsockoptLinger(c.fd, unix.SOL_SOCKET, unix.SO_LINGER)
	if err != nil || l.Onoff == 0 {
		return
	}
	c.life.linger = time.Duration(l.Linger) * time.Second
}

// keepOpen duplicates the descriptor if closing it may sleep: libuv's close does not, while
// there is a duplicate.
func (c *conn) keepOpen() {
	c.mu.Lock()
	sleeps := c.life.linger > 0
	c.mu.Unlock()
	if !sleeps || c.life.lastFD != 0 {
		return
	}
	fd, err := duplicate(c.fd)
	if err != nil { // out of descriptors: without SO_LINGER the kernel sends in the background
		_ = unix.SetsockoptLinger(c.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{})
		return
	}
	c.life.lastFD = int32(fd)
}

// closed runs when libuv has closed the number. If there is a duplicate, its close is the
// socket's end.
func (c *conn) closed() {
	c.mu.Lock()
	c.life.to(lifeClosed)
	c.mu.Unlock()
	c.w.readied = true
	if c.life.lastFD == 0 {
		c.wakeCloser(true)
		return
	}
	go func() {
		unix.Close(int(c.life.lastFD))
		c.wakeCloser(true)
	}()
}
