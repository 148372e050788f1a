package handles

import (
	"net/netip"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/submit"
	"github.com/uvgo/uvgo/uv"
)

// sendCheck makes the checks that need no system call before a datagram is sent. It
// makes the socket if there is none.
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
	return u.sendCode(op, to, uv.Errno(u.ensureSocket(family)))
}

// sendCode returns the error for libuv's code, with the address, nil for success.
func (u *UDP) sendCode(op string, to netip.AddrPort, code uv.Errno) error {
	if code < 0 && to.IsValid() {
		return uv.FailAddr("udp "+op, to.String(), code)
	}
	return u.check(op, int(code))
}

// Send queues a datagram. p is borrowed: the caller may reuse it on return. The zero
// AddrPort stands for the peer of a connected socket. The datagrams of a turn are sent
// together, in few system calls. Datagrams that the kernel does not take wait in a
// queue, which has no limit: a program that sends much looks at [UDP.SendQueueSize].
// OnSent reports what could not be sent. A datagram that was sent may be lost in the
// network all the same.
//
// EDESTADDRREQ if there is neither an address nor a peer, EISCONN if there are both,
// EMSGSIZE if p is longer than a datagram can be, EINVAL for a zone that no interface
// has. C functions uv_udp_try_send2 and uv_udp_send.
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

// SendFunc queues one datagram made of bufs, which are lent: the caller must not change
// them until fn runs. fn, which may be nil, runs once: with nil when the kernel has
// taken the datagram, with the error if it fails, or with ECANCELED if the handle is
// closed first. EINVAL without bufs; other errors as for Send, but fn gets EMSGSIZE. C
// function uv_udp_send.
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

// TrySend sends a datagram if the kernel takes it at once. p is borrowed. EAGAIN if the
// kernel does not take it, or if other datagrams are queued. Other errors as for Send.
// C function uv_udp_try_send.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_try_send
func (u *UDP) TrySend(p []byte, to netip.AddrPort) error {
	if err := u.sendCheck("try send", to); err != nil {
		return err
	}
	return u.sendCode("try send", to, uv.Errno(u.c.UDPTrySend(to, p)))
}

// TrySend2 sends datagrams in order, in few system calls, until the kernel does not
// take one. It returns how many the kernel has taken. The data is borrowed. It returns
// an error only if it has sent none: EINVAL if ds is empty, ENOTSUP with libuv before
// 1.50, others as for TrySend. C function uv_udp_try_send2.
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
		} else if rc = u.c.UDPTrySend(ds[sent].Addr, ds[sent].Data); rc >= 0 { // too large for the output arena
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

// SendQueueSize returns how many bytes the kernel has not taken yet. It crosses into C
// and sends this turn's datagrams first. The queue has no limit, so a program that
// sends as fast as it can has to look here, to wait for OnSent or SendFunc, or to use
// TrySend. 0 once the handle is closed. C function uv_udp_get_send_queue_size.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_get_send_queue_size
func (u *UDP) SendQueueSize() int {
	if !u.owned("send queue size") || u.c == nil {
		return 0
	}
	return u.c.UDPQueueSize()
}

// SendQueueCount returns how many datagrams the kernel has not taken yet; see
// SendQueueSize. C function uv_udp_get_send_queue_count.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_get_send_queue_count
func (u *UDP) SendQueueCount() int {
	if !u.owned("send queue count") || u.c == nil {
		return 0
	}
	return u.c.UDPQueueCount()
}

// OnSent sets the function that runs when a queued datagram has been sent, and when a
// datagram of Send could not be sent, which err then says. It gets how many bytes are
// still queued. nil sets none. C type uv_udp_send_cb.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_send_cb
func (u *UDP) OnSent(fn func(queued int, err error)) {
	if u.owned("on sent") {
		u.onSent = fn
	}
}
