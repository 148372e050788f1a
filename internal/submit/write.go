package submit

import (
	"sync"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// A write is a write whose completion somebody waits for. C type uv_write_t.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write_t
type write struct {
	Request
	lent *Pins // by pointer, since the list of pins in use must not refer to the loop
}

var _ core.Target = (*write)(nil)

var writes = sync.Pool{New: func() any { return &write{lent: new(Pins)} }}

// StartWrite submits a write of bufs, which are lent until fn runs: small ones are
// copied at once, larger ones stay where they are, pinned. Bytes that a read callback
// borrowed are sent in this turn or copied. fn, which may be nil, runs once. C
// function uv_write.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write
func StartWrite(core *core.Core, h *cuv.Handle, op string, fn func(error), bufs [][]byte) {
	w := writes.Get().(*write)
	w.Begin(core, w, op, fn)
	send(core.Ring(), h, w.lent, bufs, w.Slot, w.Gen)
}

// send submits a write of bufs for the request slot and gen, and returns its bytes.
func send(ring *cuv.Loop, h *cuv.Handle, pins *Pins, bufs [][]byte, slot, gen uint32) (total int) {
	how, bufs, total := place(ring, pins, bufs, ring.VectorMax())
	switch how {
	case copied:
		ring.WriteBytes(h, bufs[0], slot, gen) // its result does not matter: the bytes are in the read arena, or few
	case joined:
		ring.WriteJoined(h, bufs, total, slot, gen)
	case lent:
		ring.WriteLentBytes(h, bufs, slot, gen)
	}
	return total
}

// Complete unpins the bytes and reports the outcome. C type uv_write_cb.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write_cb
func (w *write) Complete(ev *cuv.Event) {
	w.lent.Release()
	op, fn := w.Op, w.End()
	writes.Put(w)
	if fn != nil {
		fn(uv.Check(op, int(ev.Status)))
	}
}
