package uvnet

import (
	"time"

	"golang.org/x/sys/unix"
)

// close(2) of the last descriptor of a TCP socket with SO_LINGER sleeps until what is
// unsent has been acknowledged, also on a non-blocking one. A loop must not: so a
// duplicate outlives what libuv closes, and a goroutine of its own closes that, while
// the user's Close waits for it, as in package net's.

// findLinger looks whether the close may sleep; mu is held, and the descriptor.
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

// keepOpen makes sure that libuv's close of the descriptor does not sleep.
func (c *conn) keepOpen() {
	c.mu.Lock()
	sleeps := c.life.linger > 0
	c.mu.Unlock()
	if !sleeps || c.life.lastFD != 0 {
		return
	}
	fd, err := duplicate(c.fd)
	if err != nil { // out of descriptors: then the kernel sends in the background
		_ = unix.SetsockoptLinger(c.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{})
		return
	}
	c.life.lastFD = fd
}

// closed runs when the number is closed, and lastFD is what is left of the socket.
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
		unix.Close(c.life.lastFD)
		c.wakeCloser(true)
	}()
}
