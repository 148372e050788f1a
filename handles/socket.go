package handles

import (
	"math"

	"github.com/uvgo/uvgo/uv"
)

// socket is what handles around a descriptor have in common: TCP, Pipe, UDP.
type socket struct{ handle }

// use is handle.use for operations whose names lack the kind.
func (s *socket) use(op string) error {
	if s.core.Owned() && s.flags&closing == 0 {
		return nil
	}
	return s.refusal(s.kind.String() + " " + op)
}

// check makes an error of libuv's code, nil for success.
func (s *socket) check(op string, rc int) error {
	if rc >= 0 {
		return nil
	}
	return uv.Check(s.kind.String()+" "+op, rc)
}

// fail makes the error of an operation that failed with a code.
func (s *socket) fail(op string, errno uv.Errno) error { return uv.Fail(s.kind.String()+" "+op, errno) }

// Active tells whether the handle reads, receives, listens, or has requests under way.
// C function uv_is_active.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_is_active
func (s *socket) Active() bool { return s.mine("active") && !s.has(closing) && s.c.IsActive() }

// FD returns the handle's descriptor, which the handle keeps: use it for options, do
// not close it. EBADF before there is one. C function uv_fileno.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_fileno
func (s *socket) FD() (int, error) {
	if err := s.use("fd"); err != nil {
		return -1, err
	}
	fd := s.c.FD()
	s.show(fd)
	return fd, s.check("fd", fd)
}

// SendBufferSize returns how many bytes the kernel queues for sending; Linux says
// twice what was asked for. EBADF before there is a socket, ENOTSOCK or ENOTSUP for
// what is none. C function uv_send_buffer_size.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_send_buffer_size
func (s *socket) SendBufferSize() (int, error) { return s.bufferSize("send buffer size", true, 0) }

// SetSendBufferSize asks the kernel to queue up to n bytes for sending, of which it
// may grant less. EINVAL unless n is positive; other errors as for SendBufferSize. C
// function uv_send_buffer_size.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_send_buffer_size
func (s *socket) SetSendBufferSize(n int) error {
	return s.setBufferSize("set send buffer size", true, n)
}

// RecvBufferSize returns how many bytes the kernel keeps until they are read;
// otherwise it is SendBufferSize. C function uv_recv_buffer_size.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_recv_buffer_size
func (s *socket) RecvBufferSize() (int, error) { return s.bufferSize("recv buffer size", false, 0) }

// SetRecvBufferSize asks the kernel to keep up to n bytes until they are read;
// otherwise it is SetSendBufferSize. C function uv_recv_buffer_size.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_recv_buffer_size
func (s *socket) SetRecvBufferSize(n int) error {
	return s.setBufferSize("set recv buffer size", false, n)
}

func (s *socket) setBufferSize(op string, send bool, n int) error {
	if n <= 0 || n > math.MaxInt32 { // libuv takes 0 for a question
		if err := s.use(op); err != nil {
			return err
		}
		return s.fail(op, uv.EINVAL)
	}
	_, err := s.bufferSize(op, send, n)
	return err
}

// bufferSize asks for a size; n other than 0 sets it.
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
