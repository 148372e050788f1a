package handles

import (
	"bytes"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// received is one event from C: a datagram, an error, or that all datagrams have been
// read.
type received struct {
	d       Datagram
	err     error
	drained bool
}

// RecvStart makes fn receive datagrams. d.Data is borrowed: valid until fn returns. It
// may be empty. When fn gets an error, d is zero and receiving goes on. On a connected
// socket, or one bound with RecvErr, the error may be that of a datagram sent earlier,
// such as ECONNREFUSED. Only after ENOBUFS, which means that there was no memory to
// receive into, receiving has stopped, and RecvStart may be called again.
//
// A handle without a socket gets one of IPv4, bound to a port that the system chooses.
// RecvStart itself returns EINVAL for a nil fn, EALREADY while receiving. C function
// uv_udp_recv_start.
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
	if rc := u.ensureSocket(4); rc < 0 {
		return u.check("recv start", rc)
	}
	u.set(reading)
	u.recv = fn
	u.submitRecv()
	if len(u.kept) > 0 && !u.has(deliveryDue) {
		u.set(deliveryDue)
		u.core.Defer((*keptDatagrams)(u))
	}
	return nil
}

// submitRecv makes C receive, unless events are held back. While there are datagrams kept, C waits for their delivery:
// otherwise a program that stops at each datagram would keep more and more.
func (u *UDP) submitRecv() {
	switch {
	case u.has(heldBack):
	case len(u.kept) > 0:
		u.set(readDue)
	default:
		u.clear(readDue)
		u.core.Ring().Submit(cuv.OpUDPRecvStart, u.c, 0, 0)
	}
}

// RecvStop ends what RecvStart began: the function does not run any more. Datagrams
// that libuv has already read are kept for the next RecvStart. C function
// uv_udp_recv_stop.
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
		u.clear(reading | readDue)
		u.recv = nil
		u.core.Ring().Submit(cuv.OpUDPRecvStop, u.c, 0, 0)
	}
}

// OnDrained sets the function that runs when all datagrams that the kernel had have
// been delivered, at most once a turn. It can answer a turn's datagrams together. nil
// sets none. C type uv_udp_recv_cb, whose nread and addr are then 0.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_recv_cb
func (u *UDP) OnDrained(fn func()) {
	if u.owned("on drained") && u.c != nil {
		u.onDrained = fn
		u.c.ReportDrained(fn != nil)
	}
}

// onRecv delivers what C has read, or keeps it for the next RecvStart.
func (u *UDP) onRecv(ev *cuv.Event) {
	var a received
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
	if u.has(reading) && len(u.kept) == 0 {
		u.deliver(&a)
		return
	}
	if !a.drained && a.err == nil {
		a.d.Data = bytes.Clone(data)
	}
	u.kept = append(u.kept, a)
}

// deliver calls the function to which the event belongs.
func (u *UDP) deliver(a *received) {
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

// keptDatagrams is a UDP whose kept datagrams the loop delivers.
type keptDatagrams UDP

// Deliver delivers what was kept, until receiving stops again.
func (d *keptDatagrams) Deliver() {
	u := (*UDP)(d)
	u.clear(deliveryDue)
	defer func() { // after a panic of the callback the next turn delivers the rest
		if len(u.kept) > 0 && u.has(reading) && !u.has(deliveryDue) {
			u.set(deliveryDue)
			u.core.Defer((*keptDatagrams)(u))
		}
		if u.has(reading) && u.has(readDue) && !u.has(closing) {
			u.submitRecv()
		}
	}()
	for len(u.kept) > 0 && u.has(reading) {
		a := u.kept[0]
		u.kept[0] = received{}
		if u.kept = u.kept[1:]; len(u.kept) == 0 {
			u.kept = nil
		}
		u.deliver(&a)
	}
}
