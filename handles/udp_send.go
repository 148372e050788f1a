package handles

import (
	"net/netip"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/submit"
	"github.com/uvgo/uvgo/uv"
)

// sendCheck is what can be known before a datagram is sent; it also sees to it
// that there is a socket.
func (u *UDP) sendCheck(op string, to netip.AddrPort) error {
	if err := u.use(op); err != nil {
		return err
	}
	family := 6
	switch {
	case !to.IsValid() && to != (netip.AddrPort{}), !cuv.ZoneKnown(to.Addr()):
		return u.sendCode(op, to, uv.EINVAL)
	case to.IsValid() && u.connected:
		return u.sendCode(op, to, uv.EISCONN)
	case !to.IsValid() && !u.connected:
		return u.sendCode(op, to, uv.EDESTADDRREQ)
	case to.Addr().Is4():
		family = 4
	}
	return u.sendCode(op, to, uv.Errno(u.ensure(family)))
}

// sendCode makes an error of libuv's code with the address, nil for success.
func (u *UDP) sendCode(op string, to netip.AddrPort, code uv.Errno) error {
	if code < 0 && to.IsValid() {
		return uv.FailAddr("udp "+op, to.String(), code)
	}
	return u.check(op, int(code))
}

// Send queues a datagram, which is borrowed: p is free to reuse on return. The
// zero AddrPort stands for the peer of a connected socket. A turn's datagrams
// leave together, in few system calls. What the kernel has no room for waits in
// a queue that has no limit: see [UDP.SendQueueSize] before sending faster than
// the network takes it. An error of the network is OnSent's; a datagram that
// left may be lost nevertheless.
//
// EDESTADDRREQ without an address and a peer, EISCONN with both, EMSGSIZE if p is
// longer than any datagram, EINVAL for a zone that no interface has. C functions
// uv_udp_try_send2 and uv_udp_send.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_send
func (u *UDP) Send(p []byte, to netip.AddrPort) error {
	if err := u.sendCheck("send", to); err != nil {
		return err
	}
	if u.core.Ring().UDPSend(u.c, to, p, cuv.NoSlot, 0) {
		return nil
	}
	return u.sendCode("send", to, uv.Errno(u.c.UDPSendNow(to, p)))
}

// SendFunc queues one datagram made of bufs, which are lent until fn runs: do not
// change them before. fn, which may be nil, runs once, with nil when the kernel has
// taken it, the error, or ECANCELED when the handle is closed first. EINVAL without
// bufs; other errors as for Send, EMSGSIZE by way of fn. C function uv_udp_send.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_send
func (u *UDP) SendFunc(fn func(err error), to netip.AddrPort, bufs ...[]byte) error {
	if err := u.use("send"); err != nil {
		return err
	}
	if len(bufs) == 0 {
		return u.sendCode("send", to, uv.EINVAL)
	}
	if err := u.sendCheck("send", to); err != nil {
		return err
	}
	submit.StartUDPSend(u.core, u.c, "udp send", to, fn, bufs)
	return nil
}

// TrySend sends a datagram, which is borrowed, if the kernel takes it at once: EAGAIN
// if it does not, or others are queued. Other errors as for Send. C function
// uv_udp_try_send.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_try_send
func (u *UDP) TrySend(p []byte, to netip.AddrPort) error {
	if err := u.sendCheck("try send", to); err != nil {
		return err
	}
	return u.sendCode("try send", to, uv.Errno(u.c.UDPTrySend(to, p)))
}

// TrySend2 sends datagrams, whose data is borrowed, in few system calls, and returns
// how many of them the kernel took, the first ones; the error is that of the first.
// EINVAL for none, ENOTSUP with libuv before 1.50, other errors as for TrySend: then
// nothing is sent. C function uv_udp_try_send2.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_try_send2
func (u *UDP) TrySend2(ds []Datagram) (int, error) {
	if err := u.use("try send2"); err != nil {
		return 0, err
	}
	if len(ds) == 0 {
		return 0, u.fail("try send2", uv.EINVAL)
	}
	for i := range ds {
		if err := u.sendCheck("try send2", ds[i].Addr); err != nil {
			return 0, err
		}
	}
	var b cuv.UDPBatch
	for sent := 0; sent < len(ds); {
		b.Reset(u.core.Ring())
		for i := sent; i < len(ds) && b.Add(ds[i].Addr, ds[i].Data); i++ {
		}
		n := 1
		var rc int
		if b.Len() > 0 {
			n = b.Len()
			rc = b.TrySend(u.c)
		} else if rc = u.c.UDPTrySend(ds[sent].Addr, ds[sent].Data); rc >= 0 { // larger than the arena
			rc = 1
		}
		if rc < 0 && sent == 0 {
			return 0, u.sendCode("try send2", ds[0].Addr, uv.Errno(rc))
		}
		sent += max(rc, 0)
		if rc < n {
			return sent, nil
		}
	}
	return len(ds), nil
}

// SendQueueSize returns how many bytes wait because the kernel has no room for them;
// datagrams of this turn are offered to it first. Nothing limits them but the caller:
// a program that sends as fast as it can must look here, or wait for OnSent or
// SendFunc, or use TrySend. 0 once the handle is closed. C function
// uv_udp_get_send_queue_size.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_get_send_queue_size
func (u *UDP) SendQueueSize() int {
	if !u.mine("send queue size") || u.c == nil {
		return 0
	}
	return u.c.UDPQueueSize()
}

// SendQueueCount is SendQueueSize in datagrams. C function
// uv_udp_get_send_queue_count.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_get_send_queue_count
func (u *UDP) SendQueueCount() int {
	if !u.mine("send queue count") || u.c == nil {
		return 0
	}
	return u.c.UDPQueueCount()
}

// OnSent sets the function that runs when a datagram that had to be queued has left,
// with how many bytes are queued still, and when one of Send failed, with its error;
// nil for none. C type uv_udp_send_cb.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_send_cb
func (u *UDP) OnSent(fn func(queued int, err error)) {
	if u.mine("on sent") {
		u.onSent = fn
	}
}
