package uvnet

import (
	"io"
	"math"
	"net"
	"os"
	"reflect"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// moved counts the bytes that the kernel moved by itself, so that tests see that it did.
var moved struct{ sent, spliced atomic.Int64 }

// copySize is the size of a copy's buffer, the same as io.Copy's, since the copy holds the
// buffer while it waits.
const copySize = 32 << 10

// ReadFrom reads r until its end, and writes that. On Linux a regular file is sent by
// sendfile, and a stream connection of this package or of package net by splice. The same
// holds for an io.LimitedReader of one.
func (c *conn) ReadFrom(r io.Reader) (n int64, err error) {
	if err := c.checkInit(); err != nil {
		return 0, err
	}
	src, left := r, int64(math.MaxInt64)
	limited, ok := r.(*io.LimitedReader)
	if ok {
		src, left = limited.R, limited.N
	}
	handled := left <= 0
	if !handled {
		n, handled, err = c.moveFrom(src, left)
		if limited != nil {
			limited.N -= n
		}
	}
	if !handled && err == nil {
		var m int64
		m, err = io.Copy(onlyWriter{c}, r)
		n += m
	}
	if err != nil {
		err = c.opError("readfrom", c.laddr, c.raddr, err)
	}
	return n, err
}

// moveFrom has the kernel move up to left bytes from src. handled is false if the kernel
// cannot, or cannot any longer: the caller then copies the rest.
func (c *conn) moveFrom(src io.Reader, left int64) (n int64, handled bool, err error) {
	switch src := src.(type) {
	case *TCPConn:
		n, err = src.copyTo(c, left)
		return n, true, err
	case *UnixConn:
		n, err = src.copyTo(c, left)
		return n, true, err
	case syscall.Conn:
		raw, err := src.SyscallConn()
		if err != nil {
			return 0, false, nil
		}
		if isPackageNet(src) {
			return c.spliceFrom(src, raw, left)
		}
		return c.sendFile(raw, left)
	}
	return 0, false, nil
}

// isPackageNet tells whether v's type is package net's own: TCPConn, or the type that hides
// a TCPConn's WriteTo. A type that embeds one of them may have a Read of its own, which
// splice would pass over.
func isPackageNet(v any) bool {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath() == "net"
}

// WriteTo reads until the end, and writes that to w. On Linux bulk data moves by splice if w
// is a stream connection, of this package or of package net, or an *os.File.
func (c *conn) WriteTo(w io.Writer) (int64, error) {
	n, err := c.copyTo(w, math.MaxInt64)
	if err != nil {
		err = c.opError("writeto", c.laddr, c.raddr, err)
	}
	return n, err
}

// copyTo copies up to left bytes to w. What the loop has read, and small messages, go
// through a buffer. While the kernel has more than the buffer holds, splice moves it.
func (c *conn) copyTo(w io.Writer, left int64) (total int64, err error) {
	b := newBuffer(copySize)
	defer b.free()
	dst := spliceTargetOf(w)
	for left > 0 {
		buf := b.b[:min(left, copySize)]
		n, err := c.Read(buf)
		if n > 0 {
			m, werr := w.Write(buf[:n])
			total += int64(m)
			left -= int64(m)
			if werr == nil && m < n {
				werr = io.ErrShortWrite
			}
			if werr != nil {
				return total, werr
			}
		}
		if err == nil && dst != nil {
			var m int64
			m, err = c.spliceTo(dst, left, n)
			total += m
			left -= m
		}
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// WriteBuffers writes the buffers by as few system calls as it takes (writev), and
// removes from v what it has written. [net.Buffers.WriteTo] does that for connections
// of package net only; for one of this package it writes the buffers one by one.
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
		if err := c.mayWrite(); err != nil {
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
			if m, err = c.writeByLoop((*v)[0]); err != nil {
				return n, err
			}
		case err != nil:
			return n, os.NewSyscallError("writev", err)
		}
		n += int64(m)
		consume(v, m)
	}
	return n, c.awaitSent()
}

// sendv is one writev(2) that does not block; on some systems it sends the first buffer only.
func (c *conn) sendv(v [][]byte) (int, error) {
	if c.mayBlock() {
		return c.send(v[0])
	}
	return writev(c.fd, v)
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

// onlyWriter hides ReadFrom, which io.Copy would call.
type onlyWriter struct{ io.Writer }
