package submit

import (
	"net/netip"
	"sync"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// A udpSend is a datagram whose completion somebody waits for. C type uv_udp_send_t.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_send_t
type udpSend struct {
	Request
	to   netip.AddrPort
	lent *Pins // by pointer, since the list of pins in use must not refer to the loop
}

var _ core.Target = (*udpSend)(nil)

var udpSends = sync.Pool{New: func() any { return &udpSend{lent: new(Pins)} }}

// StartUDPSend submits one datagram made of bufs, which are lent until fn runs: small
// ones are copied at once, larger ones stay where they are, pinned. Bytes that a
// receive callback borrowed are sent in this turn or copied. fn, which may be nil,
// runs once. C function uv_udp_send.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_send
func StartUDPSend(core *core.Core, h *cuv.Handle, op string, to netip.AddrPort, fn func(error), bufs [][]byte) {
	s := udpSends.Get().(*udpSend)
	s.Begin(core, s, op, fn)
	s.to = to
	ring := core.Ring()
	how, bufs, total := place(ring, s.lent, bufs, cuv.UDPVectorMax)
	switch how {
	case copied:
		ring.UDPSend(h, to, bufs[0], s.Slot, s.Gen) // its result does not matter: the bytes are in the read arena, or few
	case joined:
		ring.UDPSendJoined(h, to, bufs, total, s.Slot, s.Gen)
	case lent:
		ring.UDPSendLent(h, to, bufs, s.Slot, s.Gen)
	}
}

// Complete unpins the bytes and reports the outcome. C type uv_udp_send_cb.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_send_cb
func (s *udpSend) Complete(ev *cuv.Event) {
	s.lent.Release()
	status, op, to, fn := int(ev.Status), s.Op, s.to, s.End()
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
