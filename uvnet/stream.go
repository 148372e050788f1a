package uvnet

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// What a connection asks of its loop.
type (
	readTask  conn // read until somebody has had enough
	writeTask conn // write c.pending
	closeTask conn // close the descriptor, which the loop may own
)

// bulky is the size of a chunk behind which there is likely more. The loop stops
// reading there, and the reader takes the rest from the kernel himself: to read
// it ahead would be to copy it twice. If the rest was bulky as well, the loop's next
// reads are short: they only tell that there is more.
const bulky = 32 << 10

// lingering bounds how long a closed connection goes on sending what its user
// wrote before.
const lingering = time.Minute

// run starts reading. C function uv_read_start.
func (t *readTask) run() {
	c := (*conn)(t)
	err := c.open()
	if err == nil {
		c.mu.Lock()
		bulk := c.bulk
		c.mu.Unlock()
		if bulk {
			err = c.stream.Base().ReadStartShort(c.onRead)
		} else {
			err = c.stream.ReadStart(c.onRead)
		}
	}
	if err != nil {
		c.onRead(nil, err)
		return
	}
	c.started = true
}

// open makes a libuv stream of the descriptor, when the loop first needs one.
func (c *conn) open() error {
	if c.stream != nil {
		return nil
	}
	if !c.claim(true) { // closed meanwhile, when the loop took no more tasks
		return errLoopGone
	}
	s, err := handles.NewTCP(c.w.loop)
	if err == nil {
		if err = s.Take(uintptr(c.fd)); err != nil {
			_ = s.Close()
		}
	}
	if err != nil {
		if !c.claim(false) {
			unix.Close(c.fd)
		}
		return err
	}
	c.stream = s
	_ = s.Base().Guard(c.inUse) // fails only on a closed stream
	s.OnClose(c.closed)
	return nil
}

// claim says whether libuv owns the descriptor; false if it has been left to its
// owner by destroy.
func (c *conn) claim(taken bool) (alive bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.lost || !taken {
		c.taken = taken
	}
	return !c.lost
}

// inUse tells whether goroutines use the descriptor. The loop asks before it closes
// it: for us, for its own shutdown, or because somebody walked its handles. The
// users leave as they do for Close, and the last one has the closing done.
func (c *conn) inUse() bool {
	if c.ref.close() {
		c.expel()
		if !c.ref.release() {
			return true
		}
		c.retire()
		if c.watcher != nil {
			c.watcher.drop()
		}
	} else if c.ref.used() {
		return true
	}
	c.keepSpare()
	return false
}

// onRead gives what was read to the reader who waits, and keeps the rest.
func (c *conn) onRead(p []byte, err error) {
	if c.leaving { // the kernel, too, resets a closed connection that is sent more
		if err == nil {
			c.cut()
		}
		return
	}
	c.mu.Lock()
	if err != nil {
		c.started = false
		// An end needs no word: the reader finds it in the kernel.
		if c.reading = false; err != io.EOF && !errors.Is(err, uv.ENOBUFS) {
			c.failed = sysError("read", err)
		}
	} else {
		if (len(p) >= bulky || c.bulk && len(p) >= handles.ShortRead) && !c.halting {
			c.halting = true
			c.w.full = append(c.w.full, c)
		}
		if c.rd.waiting {
			c.got = copy(c.into, p)
			p = p[c.got:]
		}
		if len(p) > 0 {
			before := c.ahead.len()
			c.ahead = c.ahead.add(p)
			if before < readAhead && c.ahead.len() >= readAhead {
				c.w.full = append(c.w.full, c)
			}
		}
	}
	wake := c.rd.take()
	if wake {
		c.into = nil
	}
	c.hush()
	c.mu.Unlock()
	if wake {
		c.w.wake(&c.rd)
	}
}

// pause stops reading unless the reader has caught up since; all that the
// stream has read was delivered. The reader goes on by itself in the kernel. A
// start that is under way is left alone: it would take effect behind the stop.
func (c *conn) pause() {
	c.mu.Lock()
	if c.started && (c.halting || c.ahead.len() >= readAhead) && !c.stream.Closing() {
		_ = c.stream.ReadStop() // fails only on a closed stream
		c.started, c.reading = false, false
	}
	wake := c.halting && c.rd.take()
	c.halting = false
	c.hush()
	c.mu.Unlock()
	if wake {
		c.w.wake(&c.rd)
	}
}

// run writes what is pending. C function uv_write.
func (t *writeTask) run() {
	c := (*conn)(t)
	err := c.open()
	c.mu.Lock()
	b := c.pending
	c.pending = nil
	c.mu.Unlock()
	if err == nil {
		err = c.stream.WriteFunc(c.onWritten, b.b) // small: copied
	}
	b.free()
	if err != nil {
		c.onWritten(err)
	}
}

// onWritten runs when the kernel has taken what was pending, or refused it.
func (c *conn) onWritten(err error) {
	c.mu.Lock()
	c.unsent = false
	if err != nil {
		c.refused = sysError("write", err)
	}
	if c.ended && c.stream != nil && !c.stream.Closing() {
		_ = unix.Shutdown(c.fd, unix.SHUT_WR)
	}
	wake := c.wr.take()
	c.hush()
	c.mu.Unlock()
	if wake {
		c.w.wake(&c.wr)
	}
	if c.leaving {
		c.cut()
	}
}

// run closes the descriptor, behind what was accepted for writing.
func (t *closeTask) run() {
	c := (*conn)(t)
	if c.stream == nil { // opening it failed
		c.keepSpare()
		unix.Close(c.fd)
		c.closed()
		return
	}
	if c.stream.Closing() { // the loop was faster, and waits for us, or is done
		if c.stream.Base().Guarded() {
			c.keepSpare()
			c.stream.Base().Unguard()
		}
		return
	}
	c.mu.Lock()
	wait := c.unsent && !c.discard && !c.unread
	if wait && !c.reading {
		c.reading = true
		wait = c.stream.ReadStart(c.onRead) == nil
	}
	c.mu.Unlock()
	if !wait {
		c.cut()
		return
	}
	c.finish()
	c.leaving = true
	limit := lingering
	if c.linger > 0 {
		limit = min(limit, c.linger)
	}
	c.patience = time.AfterFunc(limit, func() { _ = c.w.loop.Post(c.giveUp) })
}

// giveUp closes what has been leaving long enough: it has slept, and goes on sending
// what the kernel has in the background, as by the kernel's own rule.
func (c *conn) giveUp() {
	if c.stream.Closing() {
		return
	}
	c.mu.Lock()
	if c.linger > 0 {
		c.linger = 0
		_ = unix.SetsockoptLinger(c.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{})
	}
	c.mu.Unlock()
	c.cut()
}

// cut closes the stream.
func (c *conn) cut() {
	if c.patience != nil {
		c.patience.Stop()
	}
	_ = c.stream.Close()
}

// sysError is an error of libuv as package net would have it from the call.
func sysError(call string, err error) error {
	var e *uv.Error
	if !errors.As(err, &e) {
		return err
	}
	return os.NewSyscallError(call, syscall.Errno(-e.Errno))
}
