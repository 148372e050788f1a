package uvnet

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// spliceFlags keep the calls from blocking.
const spliceFlags = unix.SPLICE_F_MOVE | unix.SPLICE_F_NONBLOCK

// splice moves up to n bytes between a pipe and something else.
func splice(from, to int, n int64) (int, error) {
	for {
		m, err := unix.Splice(from, nil, to, nil, int(min(n, pipeSize)), spliceFlags)
		if err != unix.EINTR {
			return int(max(m, 0)), err
		}
	}
}

// cannotSplice tells that the kernel cannot splice these two at all.
func cannotSplice(err error) bool {
	return err == unix.EINVAL || err == unix.ENOSYS || err == unix.EOPNOTSUPP
}

// spliceTo moves up to left bytes to d, for as long as the kernel has some and the loop does
// not read them. io.EOF at the end. read is how many bytes the caller has just read.
func (c *conn) spliceTo(d *spliceTarget, left int64, read int) (n int64, err error) {
	for left > 0 {
		p, m, err := c.spliceIn(left, read)
		read = 0
		if m == 0 {
			return n, err
		}
		k, err := d.write(p, m)
		n += int64(k)
		left -= int64(k)
		if p.put(err == nil); err != nil {
			return n, err
		}
	}
	return n, nil
}

// spliceIn moves what the kernel has to a pipe, unless the loop reads it.
func (c *conn) spliceIn(left int64, read int) (p *pipe, n int, err error) {
	c.rmu.Lock()
	defer c.rmu.Unlock()
	if read >= longChunk {
		c.in.direct += read // the loop's next read is short, and leaves the rest to splice
	}
	if c.acquire() != nil {
		return nil, 0, nil // Read finds the error
	}
	defer c.release()
	c.mu.Lock()
	direct := !c.mayBlock() && c.in.state == readDirect && c.in.ahead == nil && c.in.err == nil && !c.in.drained && c.checkLocked(&c.rd) == nil
	c.mu.Unlock()
	if !direct {
		return nil, 0, nil
	}
	if p, err = newPipe(); err != nil { // out of descriptors: Read needs none
		return nil, 0, nil
	}
	n, err = splice(c.fd, p.w, left)
	switch {
	case n > 0:
		c.in.direct += n
		moved.spliced.Add(int64(n))
		return p, n, nil
	case err == unix.EAGAIN:
		c.in.drained, err = true, nil
	case err == nil:
		err = io.EOF
	case cannotSplice(err):
		err = nil
	default:
		err = c.opError("read", c.laddr, c.raddr, os.NewSyscallError("splice", err))
	}
	p.put(true)
	return nil, 0, err
}

// spliceFrom moves up to left bytes from a connection of package net.
func (c *conn) spliceFrom(conn any, src syscall.RawConn, left int64) (n int64, handled bool, err error) {
	if !isStream(src) {
		return 0, false, nil
	}
	d := &spliceTarget{c: c}
	for left > 0 {
		var p *pipe
		m := 0
		rerr := src.Read(func(fd uintptr) bool { // holds no pipe while it waits
			if p, err = newPipe(); err != nil {
				return true
			}
			if m, err = splice(int(fd), p.w, left); m == 0 {
				p.put(true)
			}
			return err != unix.EAGAIN
		})
		switch {
		case rerr != nil:
			return n, true, rawError("read", rerr)
		case err != nil && (p == nil || cannotSplice(err)):
			return n, false, nil
		case err != nil:
			return n, true, spliceError("read", conn, err)
		case m == 0:
			return n, true, nil
		}
		moved.spliced.Add(int64(m))
		k, err := d.write(p, m)
		n += int64(k)
		left -= int64(k)
		if p.put(err == nil); err != nil {
			return n, true, err
		}
	}
	return n, true, nil
}

// isStream tells whether the descriptor is a stream socket's.
func isStream(src syscall.RawConn) bool {
	var typ int
	var err error
	cerr := src.Control(func(fd uintptr) { typ, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TYPE) })
	return cerr == nil && err == nil && typ == unix.SOCK_STREAM
}

// rawError turns an error of a RawConn's Read or Write into one of the operation op.
func rawError(op string, err error) error {
	var e *net.OpError
	if !errors.As(err, &e) {
		return err
	}
	plain := *e
	plain.Op = op
	return &plain
}

// A spliceTarget is where splice puts bytes: a connection of ours, or the descriptor of
// another writer.
type spliceTarget struct {
	c   *conn
	w   io.Writer
	raw syscall.RawConn
}

// spliceTargetOf returns w as a target, nil if splice cannot write to it.
func spliceTargetOf(w io.Writer) *spliceTarget {
	switch w := w.(type) {
	case *conn:
		return &spliceTarget{c: w}
	case *TCPConn:
		return &spliceTarget{c: &w.conn}
	case *UnixConn:
		return &spliceTarget{c: &w.conn}
	case *net.TCPConn, *net.UnixConn, *os.File:
		if raw, err := w.(syscall.Conn).SyscallConn(); err == nil {
			return &spliceTarget{w: w, raw: raw}
		}
	}
	return nil
}

// write moves the n bytes in the pipe to the target, and waits until it accepts them. What
// the kernel cannot move is copied.
func (d *spliceTarget) write(p *pipe, n int) (int, error) {
	if d.c != nil {
		return d.c.spliceOut(p, n)
	}
	done := 0
	for done < n {
		var m int
		var err error
		werr := d.raw.Write(func(fd uintptr) bool {
			m, err = splice(p.r, int(fd), int64(n-done))
			_, isFile := d.w.(*os.File)
			return err != unix.EAGAIN || isFile
		})
		switch {
		case werr != nil:
			return done, rawError("write", werr)
		case err != nil && (cannotSplice(err) || err == unix.EAGAIN):
			if m, err = p.copyTo(d.w, min(n-done, copySize)); err != nil {
				return done + m, err
			}
		case err != nil:
			return done, spliceError("write", d.w, err)
		}
		done += m
	}
	return done, nil
}

// spliceError turns an error of splice into one of op, Read or Write, of a file or of a
// connection of package net.
func spliceError(op string, v any, err error) error {
	err = os.NewSyscallError("splice", err)
	switch v := v.(type) {
	case net.Conn:
		return &net.OpError{Op: op, Net: v.LocalAddr().Network(), Source: v.LocalAddr(), Addr: v.RemoteAddr(), Err: err}
	case *os.File:
		return &os.PathError{Op: op, Path: v.Name(), Err: err}
	}
	return err
}

// spliceOut moves the n bytes in the pipe to the peer, and waits until the kernel accepts
// them.
func (c *conn) spliceOut(p *pipe, n int) (done int, err error) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if err = c.acquire(); err == nil {
		done, err = c.spliceOutLocked(p, n)
		c.release()
	}
	if err != nil {
		err = c.opError("write", c.laddr, c.raddr, err)
	}
	return done, err
}

// spliceOutLocked is spliceOut for the caller that holds wmu and the descriptor.
func (c *conn) spliceOutLocked(p *pipe, n int) (done int, err error) {
	for done < n {
		if err := c.mayWrite(); err != nil {
			return done, err
		}
		m, err := 0, error(unix.EINVAL)
		if !c.mayBlock() { // else it might block
			m, err = splice(p.r, c.fd, int64(n-done))
		}
		switch {
		case err == unix.EAGAIN && c.unassisted():
			if err := c.pollWait(&c.wr); err != nil {
				return done, err
			}
		case err == unix.EAGAIN || cannotSplice(err):
			if m, err = p.copyTo(submitter{c}, min(n-done, pieceSize)); err != nil {
				return done, err
			}
		case err != nil:
			return done, os.NewSyscallError("splice", err)
		}
		done += m
	}
	return done, c.awaitSent()
}

// A submitter gives the loop what is written to it, pieceSize bytes at most. Where the loop
// has no part in writing, it waits until the kernel has the bytes.
type submitter struct{ c *conn }

func (s submitter) Write(b []byte) (int, error) {
	if s.c.unassisted() {
		return s.c.write(b)
	}
	if !s.c.submit(b) {
		return 0, errLoopClosed
	}
	return len(b), nil
}
