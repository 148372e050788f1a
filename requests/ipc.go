package requests

import (
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// A WriteFD is a write that takes a descriptor along. C type uv_write_t,
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write_t.
type WriteFD struct{ request }

var _ uv.Target = (*WriteFD)(nil)

// StartWriteFD starts a write with the call start, which gets the request's slot
// and generation and returns libuv's error. fn, which may be nil, runs once,
// unless StartWriteFD itself fails. C function uv_write2,
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write2.
func StartWriteFD(core *uv.Core, op string, fn func(error), start func(slot, gen uint32) int) error {
	w := new(WriteFD)
	w.begin(core, w, op, fn)
	if rc := start(w.slot, w.gen); rc < 0 {
		w.end()
		return uv.Check(op, rc)
	}
	return nil
}

// Complete reports the outcome. C type uv_write_cb,
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write_cb.
func (w *WriteFD) Complete(ev *cuv.Event) {
	if fn := w.end(); fn != nil {
		fn(uv.Check(w.op, int(ev.Status)))
	}
}
