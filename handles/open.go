package handles

import (
	"math"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// openFD hands a duplicate of fd to libuv, which closes it with the handle:
// libuv aborts the process when a descriptor is closed behind its back.
func (s *stream) openFD(op string, fd uintptr, suits func(fd int) bool, open func(fd int) int) error {
	if err := s.use(op); err != nil {
		return err
	}
	if s.has(opened) {
		return s.fail(op, int(uv.EBUSY))
	}
	own, rc := duplicate(fd)
	if rc < 0 {
		return s.fail(op, rc)
	}
	if !suits(own) {
		unix.Close(own)
		return s.fail(op, int(uv.EINVAL))
	}
	if err := s.own(op, own, open); err != nil {
		unix.Close(own)
		return err
	}
	return nil
}

// duplicate makes a descriptor of our own, or returns libuv's error.
func duplicate(fd uintptr) (own, rc int) {
	if fd > math.MaxInt32 { // the system would cut it off, to another one
		return -1, int(uv.EBADF)
	}
	own, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return -1, -int(err.(unix.Errno))
	}
	return own, 0
}

// own makes the stream own fd, unless it fails; open says what it can do.
func (s *stream) own(op string, fd int, open func(fd int) int) error {
	rc := open(fd)
	if rc < 0 {
		return s.fail(op, rc)
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

// takeFD is openFD without the duplicate: libuv closes fd itself with the handle.
func (s *stream) takeFD(op string, fd uintptr, suits func(fd int) bool, open func(fd int) int) error {
	if err := s.use(op); err != nil {
		return err
	}
	if s.has(opened) {
		return s.fail(op, int(uv.EBUSY))
	}
	if fd > math.MaxInt32 {
		return s.fail(op, int(uv.EBADF))
	}
	if !suits(int(fd)) { // libuv does not look, and aborts the process when it polls a file
		return s.fail(op, int(uv.EINVAL))
	}
	if fd > 2 {
		return s.own(op, int(fd), open)
	}
	up, rc := duplicate(fd) // libuv never closes a standard descriptor
	if rc < 0 {
		return s.fail(op, rc)
	}
	if err := s.own(op, up, open); err != nil {
		unix.Close(up)
		return err
	}
	unix.Close(int(fd))
	return nil
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
