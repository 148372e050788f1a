package handles

import (
	"net/netip"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// A UDP is a datagram socket. Receiving is in udp_recv.go, sending in udp_send.go,
// multicast groups and options in udp_option.go.
//
// Bind, Open or Connect make the socket. Otherwise the first send, RecvStart or JoinGroup
// makes it, and binds it to a port that the system chooses. C type uv_udp_t.
//
// https://docs.libuv.org/en/v1.x/udp.html
type UDP struct {
	socket
	connected bool
	recv      func(d Datagram, err error)
	kept      []received // what C has read since RecvStop, oldest first
	onSent    func(queued int, err error)
	onDrained func()
}

var _ uv.Handle = (*UDP)(nil)

// A Datagram is one message with the address of its sender or receiver.
type Datagram struct {
	Data []byte
	// Addr is the sender of a received datagram, or the receiver of one to be sent.
	// Zero means the peer of a connected socket when sending, and a sender without an
	// internet address when receiving.
	Addr netip.AddrPort
	// Truncated means that the received datagram was longer than Data; the rest is
	// lost.
	Truncated bool
}

// NewUDP makes a UDP handle on the loop, without a socket yet unless [WithSocket] asks
// for one. EINVAL for a nil option or an unknown family, and for RecvMMsg if the loop's
// read arena is not larger than 64 KiB. EMFILE and the like if the system has no socket
// left. C functions uv_udp_init and uv_udp_init_ex.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_init_ex
func NewUDP(l uv.Loop, opts ...UDPOption) (*UDP, error) {
	var setup socketSetup
	for _, o := range opts {
		if o == nil || o.udp(&setup) != nil {
			return nil, uv.Fail("udp init", uv.EINVAL)
		}
	}
	flags := [...]uint{0: 0, IPv4: cuv.UDPInet, IPv6: cuv.UDPInet6}[setup.family]
	if setup.recvMMsg {
		flags |= cuv.UDPRecvMMsg
	}
	u := new(UDP)
	if err := u.attach(l, "udp init", uv.KindUDP); err != nil {
		return nil, err
	}
	c, err := u.core.OpenWith("udp init", (*udpTarget)(u), func(slot, gen uint32) (*cuv.Handle, int) {
		return u.core.Ring().NewUDP(flags, slot, gen)
	})
	if err != nil {
		return nil, err
	}
	u.c = c
	if setup.family != 0 {
		u.set(opened)
	}
	return u, nil
}

// UsingRecvMMsg tells whether one system call receives several datagrams. C function
// uv_udp_using_recvmmsg.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_using_recvmmsg
func (u *UDP) UsingRecvMMsg() bool {
	return u.owned("using recvmmsg") && u.c != nil && u.c.UDPUsingRecvMMsg()
}

// Bind binds to an address. With port 0 the system chooses the port. EINVAL for the
// zero AddrPort, a zone that no interface has, other options, IPv6Only on an IPv4
// address, or if the handle is bound. C function uv_udp_bind.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_bind
func (u *UDP) Bind(addr netip.AddrPort, opts ...BindOption) error {
	if err := u.use("bind"); err != nil {
		return err
	}
	var all BindOption
	for _, o := range opts {
		all |= o
	}
	if all&^(IPv6Only|ReusePort|ReuseAddr|RecvErr) != 0 {
		return uv.FailAddr("udp bind", addr.String(), uv.EINVAL)
	}
	var flags uint
	if all&IPv6Only != 0 {
		flags |= cuv.UDPIPv6Only
	}
	if all&ReuseAddr != 0 {
		flags |= cuv.UDPReuseAddr
	}
	if all&RecvErr != 0 {
		flags |= cuv.UDPRecvErr
	}
	if all&ReusePort != 0 {
		if cuv.UDPReusePort() == 0 {
			return uv.FailAddr("udp bind", addr.String(), uv.ENOTSUP)
		}
		flags |= cuv.UDPReusePort()
	}
	if rc := u.c.UDPBind(addr, flags); rc < 0 {
		return uv.CheckAddr("udp bind", addr.String(), rc)
	}
	u.set(opened)
	return nil
}

// Open makes the handle use a duplicate of fd, an internet or unix datagram socket. The
// caller keeps fd. The socket gets SO_REUSEADDR; see [UDP.OpenWith]. EBUSY if the handle has
// a socket, EINVAL if fd is not a datagram socket. C function uv_udp_open.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_open
func (u *UDP) Open(fd uintptr) error { return u.open(fd, cuv.UDPPlainOpen) }

// OpenWith is Open with options: the socket gets ReuseAddr and ReusePort if they are among
// opts, and otherwise stays as it is. ENOTSUP before libuv 1.52, and for ReusePort where the
// system cannot share a port; EINVAL for other options; other errors as for Open. C function
// uv_udp_open_ex.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_open_ex
func (u *UDP) OpenWith(fd uintptr, opts ...BindOption) error {
	var flags uint
	for _, o := range opts {
		switch {
		case o&^(ReuseAddr|ReusePort) != 0:
			return uv.Fail("open", uv.EINVAL)
		case o&ReusePort != 0 && cuv.UDPReusePort() == 0:
			return uv.Fail("open", uv.ENOTSUP)
		}
		if o&ReuseAddr != 0 {
			flags |= cuv.UDPReuseAddr
		}
		if o&ReusePort != 0 {
			flags |= cuv.UDPReusePort()
		}
	}
	return u.open(fd, flags)
}

func (u *UDP) open(fd uintptr, flags uint) error {
	return u.openFD("open", fd, true, datagramSocket, func(op string, fd int) error { return u.ownWith(op, fd, flags) })
}

// own makes the handle own a descriptor. After an error fd is open and the caller's.
func (u *UDP) own(op string, fd int) error { return u.ownWith(op, fd, cuv.UDPPlainOpen) }

// ownWith is own with libuv's flags.
func (u *UDP) ownWith(op string, fd int, flags uint) error {
	var rc int
	if u.connected, rc = u.c.UDPOpen(fd, flags); rc < 0 {
		return u.check(op, rc)
	}
	u.set(opened)
	return nil
}

// Connect makes addr the peer. From now on datagrams are sent to the peer and received
// from the peer only, and errors that it reports are delivered. Connect takes effect at
// once. EINVAL for the zero AddrPort or a zone that no interface has, EISCONN if there
// is a peer. C function uv_udp_connect.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_connect
func (u *UDP) Connect(addr netip.AddrPort) error {
	if err := u.use("connect"); err != nil {
		return err
	}
	if rc := u.c.UDPConnect(addr); rc < 0 {
		return uv.CheckAddr("udp connect", addr.String(), rc)
	}
	u.connected = true
	u.set(opened)
	return nil
}

// Disconnect ends what Connect began. ENOTCONN without a peer. C function
// uv_udp_connect.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_connect
func (u *UDP) Disconnect() error {
	if err := u.use("disconnect"); err != nil {
		return err
	}
	if rc := u.c.UDPDisconnect(); rc < 0 {
		return u.check("disconnect", rc)
	}
	u.connected = false
	return nil
}

// LocalAddr returns the address of this end, zero for a unix socket. EBADF before there
// is a socket. C function uv_udp_getsockname.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_getsockname
func (u *UDP) LocalAddr() (netip.AddrPort, error) { return u.name("local address", false) }

// RemoteAddr returns the address of the peer, zero for a unix socket. ENOTCONN without
// a peer. C function uv_udp_getpeername.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_getpeername
func (u *UDP) RemoteAddr() (netip.AddrPort, error) { return u.name("remote address", true) }

func (u *UDP) name(op string, peer bool) (netip.AddrPort, error) {
	if err := u.use(op); err != nil {
		return netip.AddrPort{}, err
	}
	addr, rc := u.c.UDPName(peer)
	if rc < 0 {
		return netip.AddrPort{}, u.check(op, rc)
	}
	return addr, nil
}

// ensureSocket makes a socket of the family, 4 or 6, if the handle has none. It returns
// libuv's code.
func (u *UDP) ensureSocket(family int) int {
	if u.has(opened) {
		return 0
	}
	rc := u.c.UDPAutobind(family)
	if rc == 0 {
		u.set(opened)
	}
	return rc
}

// complete handles the handle's events. C types uv_udp_recv_cb and uv_close_cb.
//
// https://docs.libuv.org/en/v1.x/udp.html#c.uv_udp_recv_cb
func (u *UDP) complete(ev *cuv.Event) {
	switch ev.Kind {
	case cuv.EvUDPRecv:
		u.onRecv(ev)
	case cuv.EvWritten:
		if u.onSent != nil && !u.has(closing) {
			u.onSent(int(u.c.Queued), u.check("send", int(ev.Status)))
		}
	case cuv.EvClose:
		u.recv, u.kept, u.onSent, u.onDrained = nil, nil, nil, nil
		u.finish()
	}
}
