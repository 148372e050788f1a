package submit

import (
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// A connect is a connection attempt. C type uv_connect_t.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_connect_t
type connect struct {
	Request
	addr string
}

var _ core.Target = (*connect)(nil)

// StartConnect starts an attempt with the call start, such as uv_tcp_connect, which
// gets the request's slot and generation and returns libuv's error. fn runs once,
// unless StartConnect itself fails. op and addr go into errors. C functions
// uv_tcp_connect, uv_pipe_connect and uv_pipe_connect2.
//
// https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_connect
func StartConnect(core *core.Core, op, addr string, fn func(error), start func(slot, gen uint32) int) error {
	c := &connect{addr: addr}
	c.Begin(core, c, op, fn)
	if rc := start(c.Slot, c.Gen); rc < 0 {
		c.End()
		return uv.CheckAddr(op, addr, rc)
	}
	return nil
}

// Complete reports the outcome. C type uv_connect_cb.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_connect_cb
func (c *connect) Complete(ev *cuv.Event) {
	c.End()(uv.CheckAddr(c.Op, c.addr, int(ev.Status)))
}
