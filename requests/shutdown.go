package requests

import (
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// A Shutdown ends the writing side of a stream after its queued writes. C type
// uv_shutdown_t, https://docs.libuv.org/en/v1.x/stream.html#c.uv_shutdown_t.
type Shutdown struct{ request }

var _ uv.Target = (*Shutdown)(nil)

// StartShutdown submits the request; fn, which may be nil, runs once. C
// function uv_shutdown,
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_shutdown.
func StartShutdown(core *uv.Core, h *cuv.Handle, op string, fn func(error)) {
	s := new(Shutdown)
	s.begin(core, s, op, fn)
	core.Ring().SubmitRequest(cuv.OpShutdown, 0, h, s.slot, s.gen, 0, 0)
}

// Complete reports the outcome. C type uv_shutdown_cb,
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_shutdown_cb.
func (s *Shutdown) Complete(ev *cuv.Event) {
	if fn := s.end(); fn != nil {
		fn(uv.Check(s.op, int(ev.Status)))
	}
}
