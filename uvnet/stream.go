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
	writeTask conn // write the piece in c.out
	closeTask conn // close the descriptor, which the loop may own
)

// longChunk is the size of a chunk behind which there is likely more. The loop stops
// reading there, and the reader takes the rest from the kernel himself: to read
// it ahead would be to copy it twice. If the rest was longChunk as well, the loop's next
// reads are short: they only tell that there is more.
const longChunk = 32 << 10

// flushLimit bounds how long a closed connection goes on sending what its user
// wrote before.
const flushLimit = time.Minute

// run starts reading. C function uv_read_start.
func (t *readTask) run() {
	c := (*conn)(t)
	err := c.open()
	if err == nil {
		c.mu.Lock()
		short := c.in.begin()
		c.mu.Unlock()
		if short {
			err = c.life.stream.Base().ReadStartShort(c.onRead)
		} else {
			err = c.life.stream.ReadStart(c.onRead)
		}
	}
	if err != nil {
		c.onRead(nil, err)
	}
}

// open makes a libuv stream of the descriptor, when the loop first needs one.
func (c *conn) open() error {
	if c.life.stream != nil {
		return nil
	}
	c.mu.Lock()
	alive := c.life.open()
	c.mu.Unlock()
	if !alive { // closed meanwhile, when the loop took no more tasks
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

// inUse tells whether goroutines use the descriptor. The loop asks before it closes
// it: for us, for its own shutdown, or because somebody walked its handles. The
// users leave as they do for Close, and the last one has the closing done.
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

// onRead gives what was read to the reader who waits, and keeps the rest.
func (c *conn) onRead(p []byte, err error) {
	c.mu.Lock()
	if c.life.state == lifeFlushing {
		c.mu.Unlock()
		if err == nil { // the kernel, too, resets a closed connection that is sent more
			c.closeStream()
		}
		return
	}
	if err != nil {
		c.in.stop()
		// An end needs no word: the reader finds it in the kernel.
		if err != io.EOF && !errors.Is(err, uv.ENOBUFS) {
			c.in.err = sysError("read", err)
		}
	} else {
		if c.in.long(len(p)) && c.in.stopSoon() {
			c.w.toStop = append(c.w.toStop, c)
		}
		if c.rd.waiting {
			c.in.got = copy(c.in.into, p)
			p = p[c.in.got:]
		}
		if len(p) > 0 {
			before := c.in.ahead.len()
			c.in.ahead = c.in.ahead.add(p)
			if before < readAhead && c.in.ahead.len() >= readAhead {
				c.w.toStop = append(c.w.toStop, c)
			}
		}
	}
	wake := c.rd.endWait()
	if wake {
		c.in.into = nil
	}
	c.wakeFile()
	c.mu.Unlock()
	if wake {
		c.w.wake(&c.rd)
	}
}

// pause stops reading, unless the reader has caught up since; all that the
// stream has read was delivered. The reader goes on by itself in the kernel. A
// start that is under way is left alone: it would take effect behind the stop.
func (c *conn) stopReading() {
	c.mu.Lock()
	if c.life.state != lifeStream || !c.in.stopsNow() {
		c.mu.Unlock()
		return
	}
	_ = c.life.stream.ReadStop() // fails only on a closed stream
	c.in.stop()
	wake := c.rd.endWait()
	c.wakeFile()
	c.mu.Unlock()
	if wake {
		c.w.wake(&c.rd)
	}
}

// run writes the piece. C function uv_write.
func (t *writeTask) run() {
	c := (*conn)(t)
	err := c.open()
	c.mu.Lock()
	b := c.out.piece
	c.out.piece = nil
	c.mu.Unlock()
	if err == nil {
		err = c.life.stream.WriteFunc(c.onWritten, b.b) // small: copied
	}
	b.free()
	if err != nil {
		c.onWritten(err)
	}
}

// onWritten runs when the kernel has taken the piece, or refused it.
func (c *conn) onWritten(err error) {
	if err != nil {
		err = sysError("write", err)
	}
	c.mu.Lock()
	state := c.life.state
	if c.out.finish(err) && (state == lifeStream || state == lifeFlushing) {
		_ = unix.Shutdown(c.fd, unix.SHUT_WR)
	}
	wake := c.wr.endWait()
	c.wakeFile()
	c.mu.Unlock()
	if wake {
		c.w.wake(&c.wr)
	}
	if state == lifeFlushing {
		c.closeStream()
	}
}

// run closes the descriptor, behind what was accepted for writing.
func (t *closeTask) run() {
	c := (*conn)(t)
	c.mu.Lock()
	if c.life.state == lifeStream && c.out.state != writeDirect && c.life.linger != 0 && !c.life.unread {
		c.flush()
	}
	state := c.life.state
	c.mu.Unlock()
	switch state {
	case lifeTasked: // no stream was needed, or none could be made
		c.keepOpen()
		unix.Close(c.fd)
		c.closed()
	case lifeClosing: // the loop was faster, and waits for us
		if c.life.stream.Base().Guarded() {
			c.keepOpen()
			c.life.stream.Base().Unguard()
		}
	case lifeStream:
		c.closeStream()
	case lifeFlushing:
		c.wakeCloser(false) // one that waits for the port need not wait for the bytes
	}
}

// flush has the stream go on, closed, until it has sent its piece, its time is over or
// the peer sends more; mu is held. Reading tells of the latter. A stream that cannot
// read is left as it is.
func (c *conn) flush() {
	if c.in.discard() && c.life.stream.ReadStart(c.onRead) != nil {
		return
	}
	c.life.to(lifeFlushing)
	limit := flushLimit
	if c.life.linger > 0 {
		limit = min(limit, c.life.linger)
	}
	c.life.flushTimer = time.AfterFunc(limit, func() { _ = c.w.loop.Post(c.endFlush) })
}

// endFlush closes what has been flushing long enough. The kernel goes on sending what
// it has in the background, as by its own rule.
func (c *conn) endFlush() {
	c.mu.Lock()
	late := c.life.state == lifeFlushing
	if late && c.life.linger > 0 {
		c.life.linger = lingerOff
		_ = unix.SetsockoptLinger(c.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{})
	}
	c.mu.Unlock()
	if late {
		c.closeStream()
	}
}

// closeStream closes the stream.
func (c *conn) closeStream() {
	if c.life.flushTimer != nil {
		c.life.flushTimer.Stop()
	}
	_ = c.life.stream.Close()
}

// sysError is an error of libuv as package net would have it from the call.
func sysError(call string, err error) error {
	var e *uv.Error
	if !errors.As(err, &e) {
		return err
	}
	return os.NewSyscallError(call, syscall.Errno(-e.Errno))
}
