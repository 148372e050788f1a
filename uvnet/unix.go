package uvnet

import (
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// A UnixConn is a unix stream connection, with methods of [net.UnixConn]. Any
// number of goroutines may call them. The loop has no part in reading and writing, since
// descriptors that come with the bytes would be lost if it read ahead.
type UnixConn struct{ conn }

var _ net.Conn = (*UnixConn)(nil)
var _ io.ReaderFrom = (*UnixConn)(nil)
var _ io.WriterTo = (*UnixConn)(nil)
var _ syscall.Conn = (*UnixConn)(nil)

func newUnixConn(w *worker, network string, fd int, laddr, raddr net.Addr) *UnixConn {
	c := new(UnixConn)
	c.init(w, &c.conn, network, fd, laddr, raddr)
	return c
}

// ReadMsgUnix reads bytes and the control messages that came with them, descriptors
// among them, which close on exec. Read drops those, as package net's does.
func (c *UnixConn) ReadMsgUnix(p, oob []byte) (n, oobn, flags int, addr *net.UnixAddr, err error) {
	err = c.reads("recvmsg", func() (err error) {
		if n = c.takeAhead(p); n > 0 {
			return nil
		}
		n, oobn, flags, _, err = unix.Recvmsg(c.fd, p, oob, recvFlags|unix.MSG_DONTWAIT)
		if err == nil && n == 0 && oobn == 0 && len(p) > 0 {
			err = io.EOF
		}
		return err
	})
	if err != nil {
		return 0, 0, 0, nil, c.opError("read", c.laddr, c.raddr, err)
	}
	return n, oobn, flags, nil, nil
}

// WriteMsgUnix writes bytes with control messages, descriptors among them; addr must
// be nil. It may write a part of p only.
func (c *UnixConn) WriteMsgUnix(p, oob []byte, addr *net.UnixAddr) (n, oobn int, err error) {
	switch {
	case addr != nil && addr.Net != c.net:
		err = syscall.EAFNOSUPPORT
	case addr != nil:
		err = os.NewSyscallError("sendmsg", syscall.EISCONN)
	default:
		err = c.writes("sendmsg", func() (err error) {
			n, err = unix.SendmsgN(c.fd, p, oob, nil, unix.MSG_DONTWAIT)
			return err
		})
	}
	if err != nil {
		var to net.Addr
		if addr != nil {
			to = addr
		}
		return 0, 0, c.opError("write", c.laddr, to, err)
	}
	return n, len(oob), nil
}

// ReadFromUnix is Read; the address of a stream's sender is nil.
func (c *UnixConn) ReadFromUnix(p []byte) (int, *net.UnixAddr, error) {
	n, err := c.Read(p)
	return n, nil, err
}

// WriteToUnix fails with ErrWriteToConnected, as package net's.
func (c *UnixConn) WriteToUnix(p []byte, addr *net.UnixAddr) (int, error) {
	return 0, c.opError("write", c.laddr, unixAddr(addr), net.ErrWriteToConnected)
}

// reads runs a reading call until it has something.
func (c *UnixConn) reads(name string, call func() error) error {
	c.rmu.Lock()
	defer c.rmu.Unlock()
	c.in.drained = false
	return c.repeat(name, &c.rd, func() error { return c.check(&c.rd) }, call)
}

// writes runs a writing call until the kernel accepts bytes.
func (c *UnixConn) writes(name string, call func() error) error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	return c.repeat(name, &c.wr, c.mayWrite, call)
}

func (c *UnixConn) repeat(name string, s *side, ready, call func() error) error {
	if err := c.acquire(); err != nil {
		return err
	}
	defer c.release()
	for {
		if err := ready(); err != nil {
			return err
		}
		switch err := call(); err {
		case nil, io.EOF:
			return err
		case unix.EINTR:
		case unix.EAGAIN:
			if err := c.pollWait(s); err != nil {
				return err
			}
		default:
			return os.NewSyscallError(name, err)
		}
	}
}
