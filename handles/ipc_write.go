package handles

import (
	"math"
	"reflect"
	"syscall"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/submit"
	"github.com/uvgo/uvgo/uv"
)

// checkSend fails unless b can be written together with a descriptor.
func (p *Pipe) checkSend(op string, b []byte) error {
	if err := p.writeCheck(op); err != nil {
		return err
	}
	if p.rare().ipc == nil || len(b) == 0 || len(b) > math.MaxInt32 {
		return p.fail(op, uv.EINVAL)
	}
	return nil
}

// embedded returns the handle that a public type embeds. It is unexported, so only this
// package's types have it: sentHandle recognises them by it.
func (h *handle) embedded() *handle { return h }

// sentHandle returns the C handle of h, whose descriptor is to be sent.
func (p *Pipe) sentHandle(op string, h uv.Handle) (*cuv.Handle, error) {
	of, ok := h.(interface{ embedded() *handle })
	if !ok || reflect.ValueOf(h).IsNil() {
		return nil, p.fail(op, uv.EINVAL)
	}
	s := of.embedded()
	if s.core != p.core {
		return nil, p.fail(op, uv.EINVAL)
	}
	switch s.kind {
	case uv.KindTCP, uv.KindPipe, uv.KindUDP, uv.KindTTY:
	default:
		return nil, p.fail(op, uv.EINVAL)
	}
	if s.has(closing) {
		return nil, &uv.OpError{Op: "pipe " + op, Err: uv.ErrClosed}
	}
	return s.c, nil
}

// WriteHandle writes b, which is borrowed, together with a duplicate of the descriptor
// of h. h is a TCP, Pipe, UDP or TTY of the same loop, and may be closed as soon as the
// call returns. At the peer the descriptor is pending when the first byte of b has been
// read. fn, which may be nil, runs once, as for [TCP.WriteFunc]. EINVAL without IPC,
// for an empty b, or for another kind of handle. EBADF if h has no descriptor, EMFILE
// if the process has none left for the duplicate. Other errors as for Write. C function
// uv_write2.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write2
func (p *Pipe) WriteHandle(b []byte, h uv.Handle, fn func(err error)) error {
	const op = "write handle"
	if err := p.checkSend(op, b); err != nil {
		return err
	}
	c, err := p.sentHandle(op, h)
	if err != nil {
		return err
	}
	return p.write2(op, b, c, -1, fn)
}

// WriteFile is WriteHandle for a descriptor that Go manages: an *os.File, or a
// connection or listener of package net. The caller keeps f. C function uv_write2.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write2
func (p *Pipe) WriteFile(b []byte, f syscall.Conn, fn func(err error)) error {
	const op = "write file"
	if err := p.checkSend(op, b); err != nil {
		return err
	}
	if f == nil {
		return p.fail(op, uv.EINVAL)
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return &uv.OpError{Op: "pipe " + op, Err: err}
	}
	var werr error
	if err := raw.Control(func(fd uintptr) { werr = p.write2(op, b, nil, int(fd), fn) }); err != nil {
		return &uv.OpError{Op: "pipe " + op, Err: uv.ErrClosed} // Control fails for a closed file only
	}
	return werr
}

func (p *Pipe) write2(op string, b []byte, sent *cuv.Handle, fd int, fn func(err error)) error {
	err := submit.StartWriteFD(p.core, "pipe "+op, fn, func(slot, gen uint32) int {
		return p.c.WriteFD(b, sent, fd, slot, gen)
	})
	if err == nil {
		p.submitted(len(b))
	}
	return err
}

// TryWriteHandle is WriteHandle without a queue. It returns how many bytes of b the
// kernel has taken at once; the descriptor has gone with the first of them. EAGAIN if
// the kernel takes nothing, or if earlier writes are queued. C function uv_try_write2.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_try_write2
func (p *Pipe) TryWriteHandle(b []byte, h uv.Handle) (int, error) {
	const op = "try write handle"
	if err := p.checkSend(op, b); err != nil {
		return 0, err
	}
	c, err := p.sentHandle(op, h)
	if err != nil {
		return 0, err
	}
	rc := p.c.TryWriteFD(b, c, -1)
	if rc < 0 {
		return 0, p.check(op, rc)
	}
	return rc, nil
}
