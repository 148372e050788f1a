package handles

import (
	"math"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// openFD makes the handle own a descriptor, by own, which fails and leaves it alone unless
// suits says that it is of the right kind: libuv does not look, and aborts the process when
// it polls a file. If the caller keeps fd, the handle gets a duplicate: libuv closes the
// handle's with the handle, and aborts the process when somebody else has closed it.
func (s *socket) openFD(op string, fd uintptr, keeps bool, suits func(fd int) bool, own func(op string, fd int) error) error {
	if err := s.use(op); err != nil {
		return err
	}
	if s.has(opened) {
		return s.fail(op, uv.EBUSY)
	}
	if fd > math.MaxInt32 { // the system would cut it off, to another one
		return s.fail(op, uv.EBADF)
	}
	if !suits(int(fd)) {
		return s.unsuitable(op, int(fd))
	}
	if !keeps && fd > 2 {
		return own(op, int(fd))
	}
	duplicate, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 3) // libuv never closes a standard descriptor
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

// unsuitable is the error of a descriptor of a wrong kind, or that is not open.
func (s *socket) unsuitable(op string, fd int) error {
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
		return s.fail(op, uv.EBADF)
	}
	return s.fail(op, uv.EINVAL)
}

// owner makes the stream own a descriptor by open, which says what it can do.
func (s *stream) owner(open func(fd int) int) func(op string, fd int) error {
	return func(op string, fd int) error {
		rc := open(fd)
		if rc < 0 {
			return s.check(op, rc)
		}
		s.set(opened)
		s.show(fd)
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

// byteStream tells whether fd can serve as a pipe: a unix stream socket, a FIFO
// or a character device.
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

// unixSocket tells whether fd is a unix stream socket, which alone passes
// descriptors.
func unixSocket(fd int) bool {
	typ, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	sa, nerr := unix.Getsockname(fd)
	_, local := sa.(*unix.SockaddrUnix)
	return err == nil && nerr == nil && local && typ == unix.SOCK_STREAM
}

// datagramSocket tells whether fd is a socket for datagrams.
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
