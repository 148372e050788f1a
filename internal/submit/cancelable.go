package submit

import (
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// A Cancelable is a write that [cuv.Handle.CancelWrite] can cancel, and that counts what the
// kernel has taken of it. C type uv_write_t.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write_t
type Cancelable struct {
	Request
	lent  *Pins // by pointer, since the list of pins in use must not refer to the loop
	total int   // bytes
	done  func(n int, err error)
}

var _ core.Target = (*Cancelable)(nil)

// StartCancelable is StartWrite of a write that can be cancelled, and returns its request.
// fn, which may be nil, runs once, with the number of bytes that the kernel has taken. C function
// uv_write.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write
func StartCancelable(core *core.Core, h *cuv.Handle, op string, fn func(n int, err error), bufs [][]byte) (slot, gen uint32) {
	w := &Cancelable{lent: new(Pins), done: fn}
	w.Begin(core, w, op, nil)
	w.total = send(core.Ring(), h, w.lent, bufs, w.Slot, w.Gen)
	return w.Slot, w.Gen
}

// Complete unpins the bytes and reports the outcome. C function uv_write_nwritten, C type
// uv_write_cb.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write_nwritten
func (w *Cancelable) Complete(ev *cuv.Event) {
	n := w.total
	if ev.Status < 0 {
		n = ev.Taken()
	}
	w.lent.Release()
	op := w.Op
	w.End()
	if w.done != nil {
		w.done(n, uv.Check(op, int(ev.Status)))
	}
}
