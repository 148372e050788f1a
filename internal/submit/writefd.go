package submit

import (
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// A writeFD is a write that takes a descriptor along. C type uv_write_t.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write_t
type writeFD struct{ Request }

var _ core.Target = (*writeFD)(nil)

// StartWriteFD starts a write with the call start, which gets the request's slot and
// generation and returns libuv's error. fn, which may be nil, runs once, unless
// StartWriteFD itself fails. C function uv_write2.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write2
func StartWriteFD(core *core.Core, op string, fn func(error), start func(slot, gen uint32) int) error {
	w := new(writeFD)
	w.Begin(core, w, op, fn)
	if rc := start(w.Slot, w.Gen); rc < 0 {
		w.End()
		return uv.Check(op, rc)
	}
	return nil
}

// Complete reports the outcome. C type uv_write_cb.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write_cb
func (w *writeFD) Complete(ev *cuv.Event) {
	if fn := w.End(); fn != nil {
		fn(uv.Check(w.Op, int(ev.Status)))
	}
}
