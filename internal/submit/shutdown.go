package submit

import (
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// A shutdown ends the writing side of a stream after its queued writes. C type
// uv_shutdown_t.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_shutdown_t
type shutdown struct{ Request }

var _ core.Target = (*shutdown)(nil)

// StartShutdown submits the request; fn, which may be nil, runs once. C function
// uv_shutdown.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_shutdown
func StartShutdown(core *core.Core, h *cuv.Handle, op string, fn func(error)) {
	s := new(shutdown)
	s.Begin(core, s, op, fn)
	core.Ring().SubmitRequest(cuv.OpShutdown, 0, h, s.Slot, s.Gen, 0, 0)
}

// Complete reports the outcome. C type uv_shutdown_cb.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_shutdown_cb
func (s *shutdown) Complete(ev *cuv.Event) {
	if fn := s.End(); fn != nil {
		fn(uv.Check(s.Op, int(ev.Status)))
	}
}
