package handles

import (
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/submit"
	"github.com/uvgo/uvgo/uv"
)

// A Write is a write that StartWrite of a stream began, and that Cancel can end early. It is a small
// value that only Cancel needs. It belongs to the goroutine that runs the loop. C type
// uv_write_t.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write_t
type Write struct {
	s         *stream
	slot, gen uint32
}

// StartWrite is WriteFunc for a write that can be cancelled. bufs are lent until fn runs. fn,
// which may be nil, runs once, and gets n, how many bytes of bufs the kernel has taken: all of them if
// err is nil. Before libuv 1.53 n of a write that failed counts only what the kernel took
// at once, and may be too low. Errors as for WriteFunc. C functions uv_write and
// uv_write_nwritten.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write_nwritten
func (s *stream) StartWrite(fn func(n int, err error), bufs ...[]byte) (Write, error) {
	if err := s.writeCheck("write"); err != nil {
		return Write{}, err
	}
	if len(bufs) == 0 {
		return Write{}, s.fail("write", uv.EINVAL)
	}
	slot, gen := submit.StartCancelable(s.core, s.c, "write", fn, bufs)
	for _, p := range bufs {
		s.submitted(len(p))
	}
	return Write{s, slot, gen}, nil
}

// Cancel takes what the kernel has not taken of the write out of the stream's queue. The write's
// callback then gets ECANCELED, in a later turn, and n tells how many bytes were sent: other writes of
// the stream go on behind these, so a program that sends messages closes the stream unless
// n is 0. Callbacks of writes with n 0 can come before those of earlier writes. If the kernel has taken
// all in the meantime, the callback gets nil. EBUSY if the callback has run, if the stream is
// closed, or after Cancel; ENOTSUP before libuv 1.53. It crosses into C and sends this turn's
// writes first. C function uv_cancel.
//
// https://docs.libuv.org/en/v1.x/request.html#c.uv_cancel
func (w Write) Cancel() error {
	if w.s == nil { // the zero Write, of a start that failed
		return uv.Fail("write cancel", uv.EBUSY)
	}
	if err := w.s.core.Check("write cancel"); err != nil {
		return err
	}
	if !cuv.CancelsWrites {
		return w.s.fail("write cancel", uv.ENOTSUP)
	}
	if r, _ := w.s.core.Target(w.slot, w.gen).(*submit.Cancelable); r == nil || w.s.has(closing) {
		return w.s.fail("write cancel", uv.EBUSY)
	}
	return w.s.check("write cancel", w.s.c.CancelWrite(w.slot, w.gen))
}
