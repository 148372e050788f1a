package requests

import (
	"net/netip"
	"sync"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// A UDPSend is a datagram whose completion somebody waits for. C type
// uv_udp_send_t, https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_send_t.
type UDPSend struct {
	request
	to   netip.AddrPort
	lent *pins // apart, so that nothing global refers to the loop
}

var _ uv.Target = (*UDPSend)(nil)

var udpSends = sync.Pool{New: func() any { return &UDPSend{lent: new(pins)} }}

// StartUDPSend submits one datagram made of bufs, which are lent until fn runs:
// small ones are copied at once, larger ones stay where they are, pinned. Bytes
// that a receive callback borrowed are sent in this turn or copied. fn, which
// may be nil, runs once. C function uv_udp_send,
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_send.
func StartUDPSend(core *uv.Core, h *cuv.Handle, op string, to netip.AddrPort, fn func(error), bufs [][]byte) {
	s := udpSends.Get().(*UDPSend)
	s.begin(core, s, op, fn)
	s.to = to
	ring := core.Ring()
	total, borrowed := 0, false
	for _, p := range bufs {
		total += len(p)
		borrowed = borrowed || ring.InArena(p)
	}
	one := len(bufs) == 1
	if one && (borrowed || total <= smallWrite) {
		ring.UDPSend(h, to, bufs[0], s.slot, s.gen) // never too large
		return
	}
	if !one && total <= smallWrite {
		ring.UDPSendJoined(h, to, bufs, total, s.slot, s.gen)
		return
	}
	if !one && (borrowed || len(bufs) > cuv.UDPVectorMax) {
		joined := make([]byte, 0, total)
		for _, p := range bufs {
			joined = append(joined, p...)
		}
		bufs = [][]byte{joined}
	}
	for _, p := range bufs {
		s.lent.pin(p)
	}
	ring.UDPSendLent(h, to, bufs, s.slot, s.gen)
}

// Complete unpins the bytes and reports the outcome. C type uv_udp_send_cb,
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_send_cb.
func (s *UDPSend) Complete(ev *cuv.Event) {
	s.lent.release()
	status, op, to, fn := int(ev.Status), s.op, s.to, s.end()
	udpSends.Put(s)
	if fn == nil {
		return
	}
	if status < 0 && to.IsValid() {
		fn(uv.CheckAddr(op, to.String(), status))
		return
	}
	fn(uv.Check(op, status))
}
