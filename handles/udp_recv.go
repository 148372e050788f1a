package handles

import (
	"bytes"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// arrived is what C has read and nobody has received: a datagram, an error, or
// that there is no more.
type arrived struct {
	d       Datagram
	err     error
	drained bool
}

// RecvStart makes fn receive datagrams; d.Data is borrowed: valid until fn
// returns, and may be empty. On an error d is zero and receiving goes on: on a
// connected socket, or one bound with RecvErr, it tells what became of a
// datagram sent earlier, such as ECONNREFUSED. Only after ENOBUFS, for want of
// memory, receiving has stopped, and RecvStart may be called again.
//
// A handle without a socket is bound to a port of IPv4. EINVAL for a nil fn, EALREADY
// while receiving. C function uv_udp_recv_start.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_recv_start
func (u *UDP) RecvStart(fn func(d Datagram, err error)) error {
	if err := u.use("recv start"); err != nil {
		return err
	}
	if fn == nil {
		return u.fail("recv start", uv.EINVAL)
	}
	if u.has(reading) {
		return u.fail("recv start", uv.EALREADY)
	}
	if rc := u.ensure(4); rc < 0 {
		return u.check("recv start", rc)
	}
	u.set(reading)
	u.recv = fn
	u.core.Ring().Submit(cuv.OpUDPRecvStart, u.c, 0, 0)
	if len(u.held) > 0 && !u.has(delivering) {
		u.set(delivering)
		u.core.Defer((*heldDatagrams)(u))
	}
	return nil
}

// RecvStop ends what RecvStart began: its function runs no more. What has been read by
// now is kept for the next RecvStart. C function uv_udp_recv_stop.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_recv_stop
func (u *UDP) RecvStop() error {
	if err := u.use("recv stop"); err != nil {
		return err
	}
	u.stop()
	return nil
}

func (u *UDP) stop() {
	if u.has(reading) {
		u.clear(reading)
		u.recv = nil
		u.core.Ring().Submit(cuv.OpUDPRecvStop, u.c, 0, 0)
	}
}

// OnDrained sets the function that runs, behind those datagrams, when all that the
// kernel had has been received, at most once a turn; nil for none. It is where answers
// to many can be gathered. C type uv_udp_recv_cb, whose nread and addr are then 0.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_recv_cb
func (u *UDP) OnDrained(fn func()) {
	if u.mine("on drained") && u.c != nil {
		u.onDrained = fn
		u.c.ReportDrained(fn != nil)
	}
}

// onRecv delivers what C has read, or holds it.
func (u *UDP) onRecv(ev *cuv.Event) {
	var a arrived
	data, addr := ev.Datagram()
	switch {
	case ev.Drained():
		a.drained = true
	case ev.Status >= 0:
		a.d = Datagram{data, addr, ev.Truncated()}
	case addr.IsValid():
		a.err = uv.CheckAddr("udp recv", addr.String(), int(ev.Status))
	default:
		a.err = u.check("recv", int(ev.Status))
	}
	if u.has(reading) && len(u.held) == 0 {
		u.hand(&a)
		return
	}
	if !a.drained && a.err == nil {
		a.d.Data = bytes.Clone(data)
	}
	u.held = append(u.held, a)
}

// hand hands one thing out.
func (u *UDP) hand(a *arrived) {
	if a.drained {
		if u.onDrained != nil {
			u.onDrained()
		}
		return
	}
	fn := u.recv
	if e, ok := a.err.(*uv.Error); ok && e.Errno == uv.ENOBUFS {
		u.stop()
	}
	fn(a.d, a.err)
}

// heldDatagrams is a UDP as the loop delivers what was held.
type heldDatagrams UDP

// Deliver hands out what was held, until receiving stops again.
func (d *heldDatagrams) Deliver() {
	u := (*UDP)(d)
	u.clear(delivering)
	defer func() { // after a panic of the callback the rest is still to come
		if len(u.held) > 0 && u.has(reading) && !u.has(delivering) {
			u.set(delivering)
			u.core.Defer((*heldDatagrams)(u))
		}
	}()
	for len(u.held) > 0 && u.has(reading) {
		a := u.held[0]
		u.held[0] = arrived{}
		if u.held = u.held[1:]; len(u.held) == 0 {
			u.held = nil
		}
		u.hand(&a)
	}
}
