package uvnet

import (
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// ReadFrom writes what r gives until its end. A regular file, or an
// io.LimitedReader of one, goes by sendfile where the system has it.
func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	n, handled, err := c.sendFrom(r)
	if !handled {
		var m int64
		m, err = io.Copy(onlyWriter{c}, r)
		n += m
	}
	if err != nil {
		err = c.opError("readfrom", c.laddr, c.raddr, err)
	}
	return n, err
}

// sendFrom sends what r stands for by sendfile, if it can.
func (c *conn) sendFrom(r io.Reader) (n int64, handled bool, err error) {
	left := int64(1<<63 - 1)
	limited, ok := r.(*io.LimitedReader)
	if ok {
		if r, left = limited.R, limited.N; left <= 0 {
			return 0, true, nil
		}
	}
	f, ok := r.(*os.File)
	if !ok || !canSendFile {
		return 0, false, nil
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return 0, false, nil
	}
	c.wmu.Lock()
	defer c.wmu.Unlock()
	n, handled, err = c.sendFile(f, left)
	if limited != nil {
		limited.N -= n
	}
	return n, handled, err
}

// sendFile sends up to left bytes from where f stands; the caller holds wmu. What
// keeps it from beginning at all is left to Write to find, as by package net.
func (c *conn) sendFile(f *os.File, left int64) (n int64, handled bool, err error) {
	if c.acquire() != nil {
		return 0, false, nil
	}
	defer c.release()
	if c.usable(&c.wr) != nil || c.filed.Load() { // sendfile might wait
		return 0, false, nil
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, false, nil
	}
	for left > 0 {
		if err := c.room(); err != nil {
			return n, true, err
		}
		var m int
		if cerr := raw.Control(func(src uintptr) { m, err = sendfile(c.fd, int(src), min(left, 4<<20)) }); cerr != nil {
			return n, true, cerr
		}
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN && c.hand.Load():
			if err := c.watch(&c.wr); err != nil {
				return n, true, err
			}
			continue
		case err == unix.EAGAIN:
			if m, err = c.sendPiece(f, left); err != nil {
				return n, true, err
			}
		case n == 0 && (err == unix.EINVAL || err == unix.ENOSYS || err == unix.EOPNOTSUPP):
			return 0, false, nil
		case err != nil:
			return n, true, os.NewSyscallError("sendfile", err)
		}
		if m == 0 { // the file's end
			return n, true, nil
		}
		n += int64(m)
		left -= int64(m)
	}
	return n, true, c.settle()
}

// sendPiece gives the loop a piece of the file to write: see probe.
func (c *conn) sendPiece(f *os.File, left int64) (int, error) {
	b := newBuffer(probe)
	defer b.free()
	m, err := f.Read(b.b[:min(left, probe)])
	if err == io.EOF {
		err = nil
	}
	if m > 0 && !c.submit(b.b[:m]) {
		return 0, errLoopGone
	}
	return m, err
}

// copySize is the buffer of a WriteTo, which holds it while it waits: io.Copy's.
const copySize = 32 << 10

// WriteTo reads until the end, and writes that to w.
func (c *conn) WriteTo(w io.Writer) (int64, error) {
	b := newBuffer(copySize)
	defer b.free()
	buf := b.b[:copySize]
	var total int64
	for {
		n, err := c.Read(buf)
		if n > 0 {
			m, werr := w.Write(buf[:n])
			total += int64(m)
			if werr == nil && m < n {
				werr = io.ErrShortWrite
			}
			if werr != nil {
				err = werr
			}
		}
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, c.opError("writeto", c.laddr, c.raddr, err)
		}
	}
}

// WriteBuffers writes the buffers by as few system calls as it takes (writev)
// and removes from v what it has written. It is what [net.Buffers.WriteTo] is
// for package net, whose WriteTo knows no connections but its own, and writes
// the buffers one by one here.
func (c *conn) WriteBuffers(v *net.Buffers) (int64, error) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	n, err := c.writeBuffers(v)
	if err != nil {
		err = c.opError("write", c.laddr, c.raddr, err)
	}
	return n, err
}

// vectorMax is how many buffers one writev may have.
const vectorMax = 1024

func (c *conn) writeBuffers(v *net.Buffers) (n int64, err error) {
	if err := c.acquire(); err != nil {
		return 0, err
	}
	defer c.release()
	for len(*v) > 0 {
		if err := c.room(); err != nil {
			return n, err
		}
		if len((*v)[0]) == 0 {
			consume(v, 0)
			continue
		}
		m, err := c.sendv((*v)[:min(len(*v), vectorMax)])
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			if m, err = c.later((*v)[0]); err != nil {
				return n, err
			}
		case err != nil:
			return n, os.NewSyscallError("writev", err)
		}
		n += int64(m)
		consume(v, m)
	}
	return n, c.settle()
}

// sendv is one writev that does not wait.
func (c *conn) sendv(v [][]byte) (int, error) {
	if c.filed.Load() {
		return c.send(v[0])
	}
	return unix.Writev(c.fd, v)
}

// consume drops the first n bytes, and empty buffers in front.
func consume(v *net.Buffers, n int) {
	for len(*v) > 0 {
		if k := len((*v)[0]); n < k {
			(*v)[0] = (*v)[0][n:]
			return
		} else {
			n -= k
		}
		(*v)[0] = nil
		*v = (*v)[1:]
	}
}

// onlyWriter hides the methods that io.Copy prefers.
type onlyWriter struct{ io.Writer }
