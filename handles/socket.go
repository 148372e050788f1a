package handles

import (
	"math"

	"github.com/uvgo/uvgo/uv"
)

// socket is what TCP, Pipe, TTY and UDP share: a handle that has a descriptor.
type socket struct{ handle }

// use is handle.use for an op that lacks the handle's kind: it adds the kind only when
// it fails, so that success builds no string.
func (s *socket) use(op string) error {
	if s.core.Owned() && s.flags&closing == 0 {
		return nil
	}
	return s.useError(s.kind.String() + " " + op)
}

// check returns the error for libuv's code rc, nil for success.
func (s *socket) check(op string, rc int) error {
	if rc >= 0 {
		return nil
	}
	return uv.Check(s.kind.String()+" "+op, rc)
}

// fail returns the error of an operation that failed with errno.
func (s *socket) fail(op string, errno uv.Errno) error { return uv.Fail(s.kind.String()+" "+op, errno) }

// Active tells whether the handle reads, receives, listens, or has unfinished requests.
// C function uv_is_active.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_is_active
func (s *socket) Active() bool { return s.owned("active") && !s.has(closing) && s.c.IsActive() }

// FD returns the handle's descriptor, which the handle keeps: the caller may set
// options of it, and must not close it. EBADF before there is one. C function
// uv_fileno.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_fileno
func (s *socket) FD() (int, error) {
	if err := s.use("fd"); err != nil {
		return -1, err
	}
	fd := s.c.FD()
	s.expose(fd)
	return fd, s.check("fd", fd)
}

// SendBufferSize returns how many bytes the kernel queues for sending. Linux returns
// twice the size that was set. EBADF before there is a descriptor, ENOTSOCK or ENOTSUP
// if it is no socket. C function uv_send_buffer_size.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_send_buffer_size
func (s *socket) SendBufferSize() (int, error) { return s.bufferSize("send buffer size", true, 0) }

// SetSendBufferSize asks the kernel to queue up to n bytes for sending. The kernel may
// grant less. EINVAL unless n is positive; other errors as for SendBufferSize. C
// function uv_send_buffer_size.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_send_buffer_size
func (s *socket) SetSendBufferSize(n int) error {
	return s.setBufferSize("set send buffer size", true, n)
}

// RecvBufferSize returns how many received bytes the kernel queues until they are read.
// Otherwise it is as SendBufferSize. C function uv_recv_buffer_size.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_recv_buffer_size
func (s *socket) RecvBufferSize() (int, error) { return s.bufferSize("recv buffer size", false, 0) }

// SetRecvBufferSize asks the kernel to queue up to n received bytes until they are
// read. Otherwise it is as SetSendBufferSize. C function uv_recv_buffer_size.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_recv_buffer_size
func (s *socket) SetRecvBufferSize(n int) error {
	return s.setBufferSize("set recv buffer size", false, n)
}

func (s *socket) setBufferSize(op string, send bool, n int) error {
	if n <= 0 || n > math.MaxInt32 { // 0 would make libuv return the size
		if err := s.use(op); err != nil {
			return err
		}
		return s.fail(op, uv.EINVAL)
	}
	_, err := s.bufferSize(op, send, n)
	return err
}

// bufferSize returns a buffer's size if n is 0, and sets it to n otherwise.
func (s *socket) bufferSize(op string, send bool, n int) (int, error) {
	if err := s.use(op); err != nil {
		return 0, err
	}
	rc := s.c.BufferSize(send, n)
	if rc < 0 {
		return 0, s.check(op, rc)
	}
	return rc, nil
}
