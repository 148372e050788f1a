package handles

import (
	"math"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// openFD makes the handle own a descriptor, by the call own. After an error fd is open
// and the caller's. usable tells whether fd is of the right kind: libuv does not check
// that, and aborts the process when it polls a file. If the caller keeps fd, the handle
// gets a duplicate, because libuv closes its descriptor with the handle, and aborts the
// process if that descriptor is closed already.
func (s *socket) openFD(op string, fd uintptr, keeps bool, usable func(fd int) bool, own func(op string, fd int) error) error {
	if err := s.use(op); err != nil {
		return err
	}
	if s.has(opened) {
		return s.fail(op, uv.EBUSY)
	}
	if fd > math.MaxInt32 { // C's int would hold another number
		return s.fail(op, uv.EBADF)
	}
	if !usable(int(fd)) {
		return s.unusable(op, int(fd))
	}
	if !keeps && fd > 2 {
		return own(op, int(fd))
	}
	duplicate, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 3) // from 3 on: libuv never closes 0, 1 and 2
	if err != nil {
		return s.fail(op, -uv.Errno(err.(unix.Errno)))
	}
	if err := own(op, duplicate); err != nil {
		unix.Close(duplicate)
		return err
	}
	if !keeps {
		unix.Close(int(fd))
	}
	return nil
}

// unusable returns EBADF for a descriptor that is not open, and EINVAL for one of a
// wrong kind.
func (s *socket) unusable(op string, fd int) error {
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
		return s.fail(op, uv.EBADF)
	}
	return s.fail(op, uv.EINVAL)
}

// ownWith returns a function that makes the stream own a descriptor, by the C call
// open. open returns whether the descriptor can be read from and written to.
func (s *stream) ownWith(open func(fd int) int) func(op string, fd int) error {
	return func(op string, fd int) error {
		rc := open(fd)
		if rc < 0 {
			return s.check(op, rc)
		}
		s.set(opened)
		s.expose(fd)
		if rc&cuv.CanRead != 0 {
			s.set(readable)
		}
		if rc&cuv.CanWrite != 0 {
			s.set(writable)
		}
		return nil
	}
}

// inetSocket tells whether fd is a TCP socket.
func inetSocket(fd int) bool {
	if typ, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE); err != nil || typ != unix.SOCK_STREAM {
		return false
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return false
	}
	switch sa.(type) {
	case *unix.SockaddrInet4, *unix.SockaddrInet6:
		return true
	}
	return false
}

// byteStream tells whether a Pipe can use fd: a unix stream socket, a FIFO or a
// character device.
func byteStream(fd int) bool {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return false
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFIFO, unix.S_IFCHR:
		return true
	case unix.S_IFSOCK:
		return unixSocket(fd)
	}
	return false
}

// unixSocket tells whether fd is a unix stream socket. Nothing else passes descriptors.
func unixSocket(fd int) bool {
	typ, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	sa, nerr := unix.Getsockname(fd)
	_, local := sa.(*unix.SockaddrUnix)
	return err == nil && nerr == nil && local && typ == unix.SOCK_STREAM
}

// datagramSocket tells whether fd is a datagram socket.
func datagramSocket(fd int) bool {
	typ, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil || typ != unix.SOCK_DGRAM {
		return false
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return false
	}
	switch sa.(type) {
	case *unix.SockaddrInet4, *unix.SockaddrInet6, *unix.SockaddrUnix:
		return true
	}
	return false
}
