package requests

import (
	"sync"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// smallWrite is the size up to which copying bytes is cheaper than pinning
// them.
const smallWrite = 4 << 10

// A Write is a write whose completion somebody waits for. C type uv_write_t,
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write_t.
type Write struct {
	request
	lent *pins // apart, so that nothing global refers to the loop
}

var _ uv.Target = (*Write)(nil)

var writes = sync.Pool{New: func() any { return &Write{lent: new(pins)} }}

// StartWrite submits a write of bufs, which are lent until fn runs: small ones
// are copied at once, larger ones stay where they are, pinned. Bytes that a
// read callback borrowed are sent in this turn or copied. fn, which may be nil,
// runs once. C function uv_write,
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write.
func StartWrite(core *uv.Core, h *cuv.Handle, op string, fn func(error), bufs [][]byte) {
	w := writes.Get().(*Write)
	w.begin(core, w, op, fn)
	ring := core.Ring()
	total, borrowed := 0, false
	for _, p := range bufs {
		total += len(p)
		borrowed = borrowed || ring.InArena(p)
	}
	one := len(bufs) == 1
	if one && (borrowed || total <= smallWrite) {
		ring.WriteBytes(h, bufs[0], w.slot, w.gen) // never too large
		return
	}
	if !one && total <= smallWrite {
		ring.WriteJoined(h, bufs, total, w.slot, w.gen)
		return
	}
	if !one && (borrowed || len(bufs) > ring.VectorMax()) {
		joined := make([]byte, 0, total)
		for _, p := range bufs {
			joined = append(joined, p...)
		}
		bufs = [][]byte{joined}
	}
	for _, p := range bufs {
		w.lent.pin(p)
	}
	ring.WriteLentBytes(h, bufs, w.slot, w.gen)
}

// Complete unpins the bytes and reports the outcome. C type uv_write_cb,
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write_cb.
func (w *Write) Complete(ev *cuv.Event) {
	w.lent.release()
	op, fn := w.op, w.end()
	writes.Put(w)
	if fn != nil {
		fn(uv.Check(op, int(ev.Status)))
	}
}
