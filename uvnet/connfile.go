package uvnet

import (
	"errors"
	"os"

	"github.com/uvgo/uvgo/internal/bubble"
	"github.com/uvgo/uvgo/internal/core"
)

// errAhead is the error of File where the duplicate would lack bytes.
var errAhead = errors.New("bytes of the connection have been read ahead: Read them first")

// File returns a duplicate of the socket, as package net's File: it is in blocking
// mode, and the connection with it, once its Fd has been called, as os/exec does for a
// child's stdin. So from the call of File on the loop leaves the connection to the
// goroutines that read and write, which costs them more. File fails if the loop has read
// ahead, since those bytes are not in the duplicate: call it before the first Read, or
// Read them. Closing one does not affect the other.
func (c *conn) File() (*os.File, error) { return c.file(c.laddr, c.raddr, c.detach) }

// detach makes the loop leave the descriptor alone for good: it waits until the loop
// neither reads nor writes.
func (c *conn) detach() error {
	c.fmu.Lock()
	defer c.fmu.Unlock()
	waiting, err := core.BeginWait("file")
	if err != nil {
		return err
	}
	wake := bubble.NewWake()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mode.Store(modeFile)
	defer func() { c.fileWake = nil }()
	for c.in.state != readDirect || c.out.state != writeDirect {
		if c.ref.closed() || c.w.closed.Load() {
			break // nothing reads or writes any more
		}
		if c.in.state != readDirect && !c.w.push((*stopTask)(c)) {
			break
		}
		c.fileWake = wake
		c.mu.Unlock()
		waiting.Receive(wake)
		c.mu.Lock()
	}
	if c.in.ahead != nil {
		return errAhead
	}
	return nil
}

// wakeFile tells detach, if one waits, that the loop may have left the descriptor. The
// caller holds mu.
func (c *conn) wakeFile() {
	if c.fileWake != nil {
		c.fileWake <- struct{}{}
		c.fileWake = nil
	}
}
