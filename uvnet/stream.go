package uvnet

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// The tasks that a connection has its loop do.
type (
	readTask  conn // read, until stopReading
	writeTask conn // write the piece in c.out
	closeTask conn // close the descriptor, which the loop may own
)

// open makes a libuv stream of the descriptor, when the loop first needs one.
func (c *conn) open() error {
	if c.life.stream != nil {
		return nil
	}
	c.mu.Lock()
	alive := c.life.open()
	c.mu.Unlock()
	if !alive { // the last user found the loop closed, and closed the descriptor
		return errLoopClosed
	}
	s, err := handles.NewTCP(c.w.loop)
	if err == nil {
		if err = s.Take(uintptr(c.fd)); err != nil {
			_ = s.Close()
		}
	}
	if err != nil {
		c.mu.Lock()
		ours := c.life.openFailed()
		c.mu.Unlock()
		if ours {
			unix.Close(c.fd)
		}
		return err
	}
	c.life.stream = s
	_ = s.Base().Guard(c.inUse) // fails only on a closed stream
	s.OnClose(c.closed)
	return nil
}

// inUse is the stream's guard: it tells whether goroutines use the descriptor. The loop
// asks once, before it closes the stream: because closeStream asked for that, because it is
// shut down, or because somebody walked its handles. Users leave as they do for Close, and
// the last one pushes the closeTask that ends the guard.
func (c *conn) inUse() bool {
	c.mu.Lock()
	c.life.to(lifeClosing)
	c.mu.Unlock()
	if c.ref.close() {
		c.wakeUsers()
		if !c.ref.release() {
			return true
		}
		c.leave()
		if c.poller != nil {
			c.poller.closeByConn()
		}
	} else if c.ref.used() {
		return true
	}
	c.keepOpen()
	return false
}

// sysError turns an error of libuv into package net's error of a system call.
func sysError(call string, err error) error {
	var e *uv.Error
	if !errors.As(err, &e) {
		return err
	}
	return os.NewSyscallError(call, syscall.Errno(-e.Errno))
}
