package handles

import (
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/submit"
	"github.com/uvgo/uvgo/uv"
)

// A TCP is a TCP socket: a connection or a listener. C type uv_tcp_t.
//
// https://docs.libuv.org/en/v1.x/tcp.html
type TCP struct {
	stream
	peer cuv.Peer // known since the accept
}

var _ uv.Handle = (*TCP)(nil)

// NewTCP makes a TCP handle on the loop, without a socket yet unless [WithSocket] asks
// for one. EINVAL for a nil option or a family that is none. C functions uv_tcp_init
// and uv_tcp_init_ex.
//
// https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_init_ex
func NewTCP(l uv.Loop, opts ...TCPOption) (*TCP, error) {
	t := new(TCP)
	var setup socketSetup
	for _, o := range opts {
		if o == nil || o.tcp(&setup) != nil {
			return nil, uv.Fail("tcp init", uv.EINVAL)
		}
	}
	var err error
	if setup.family != 0 {
		err = t.openSocket(l, setup.family)
	} else {
		err = t.open(l, "tcp init", uv.KindTCP, false, (*tcpTarget)(t))
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// openSocket is open for a handle that begins with a socket.
func (t *TCP) openSocket(l uv.Loop, family Family) error {
	if err := t.on(l, "tcp init", uv.KindTCP); err != nil {
		return err
	}
	c, err := t.core.OpenWith("tcp init", (*tcpTarget)(t), func(id, gen uint32) (*cuv.Handle, int) {
		return t.core.Ring().NewTCP(int(family), id, gen)
	})
	t.c = c
	t.set(opened)
	return err
}

// A BindOption changes what Bind does.
type BindOption uint

// The options of Bind.
const (
	// IPv6Only keeps an IPv6 socket from taking IPv4 too.
	IPv6Only BindOption = 1 << iota
	// ReusePort lets several sockets share a port; the kernel spreads the
	// connections, or datagrams. ENOTSUP where libuv or the system cannot.
	ReusePort
	// ReuseAddr lets several UDP sockets have an address; the last one gets the
	// datagrams, and all of them multicasts. TCP has it always, in another sense.
	ReuseAddr
	// RecvErr reports to a UDP socket, also to one without a peer, what became of
	// its datagrams; Linux only.
	RecvErr
)

// Bind binds to an address; port 0 lets the system choose. An address in use is
// reported by Listen or Connect. EINVAL for the zero AddrPort or IPv6Only on an IPv4
// address. C function uv_tcp_bind.
//
// https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_bind
func (t *TCP) Bind(addr netip.AddrPort, opts ...BindOption) error {
	if err := t.use("bind"); err != nil {
		return err
	}
	var flags uint
	for _, o := range opts {
		if o&^(IPv6Only|ReusePort) != 0 {
			return uv.FailAddr("tcp bind", addr.String(), uv.EINVAL)
		}
		if o&IPv6Only != 0 {
			flags |= cuv.TCPIPv6Only
		}
		if o&ReusePort != 0 {
			if cuv.TCPReusePort() == 0 {
				return uv.FailAddr("tcp bind", addr.String(), uv.ENOTSUP)
			}
			flags |= cuv.TCPReusePort()
		}
	}
	if rc := t.c.TCPBind(addr, flags); rc < 0 {
		return uv.CheckAddr("tcp bind", addr.String(), rc)
	}
	t.set(opened)
	return nil
}

// Listen starts accepting connections; fn receives each as a handle of its own, which
// the receiver must close. backlog is the kernel's queue, in connections. A second
// call replaces fn. EINVAL for a nil fn, a negative backlog or a connection,
// EADDRINUSE if the address of Bind is taken. C function uv_listen.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_listen
func (t *TCP) Listen(backlog int, fn func(c *TCP, err error)) error {
	if fn == nil {
		return t.listen(backlog, nil)
	}
	return t.listen(backlog, func(h *cuv.Handle, peer uint64, err error) {
		if err != nil {
			fn(nil, err)
			return
		}
		c := &TCP{peer: cuv.Peer(peer)}
		c.register(t.core, h, (*tcpTarget)(c))
		c.inherit(&t.handle)
		c.set(opened | readable | writable)
		fn(c, nil)
	})
}

// Connect starts connecting; fn runs once, with nil or the error, ECANCELED if the
// handle is closed first. Writes may be queued before that. EINVAL for a nil fn or the
// zero AddrPort, EALREADY while connecting, EISCONN afterwards. C function
// uv_tcp_connect.
//
// https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_connect
func (t *TCP) Connect(addr netip.AddrPort, fn func(err error)) error {
	if err := t.use("connect"); err != nil {
		return err
	}
	if fn == nil {
		return t.fail("connect", uv.EINVAL)
	}
	err := submit.StartConnect(t.core, "tcp connect", addr.String(), fn, func(slot, gen uint32) int {
		return t.c.TCPConnect(addr, slot, gen)
	})
	if err == nil {
		t.set(opened | readable | writable)
	}
	return err
}

// LocalAddr returns the address of this end. C function uv_tcp_getsockname.
//
// https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_getsockname
func (t *TCP) LocalAddr() (netip.AddrPort, error) { return t.name("local address", false) }

// RemoteAddr returns the address of the peer: ENOTCONN without one, though a
// connection that was accepted may still know it. C function uv_tcp_getpeername.
//
// https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_getpeername
func (t *TCP) RemoteAddr() (netip.AddrPort, error) {
	if a, ok := t.peer.Addr(); ok && t.use("remote address") == nil {
		return a, nil
	}
	return t.name("remote address", true)
}

func (t *TCP) name(op string, peer bool) (netip.AddrPort, error) {
	if err := t.use(op); err != nil {
		return netip.AddrPort{}, err
	}
	addr, rc := t.c.TCPName(peer)
	if rc < 0 {
		return netip.AddrPort{}, t.check(op, rc)
	}
	return addr, nil
}

// SetNoDelay sends small writes at once instead of waiting for more (Nagle's
// algorithm); libuv's default is to wait. On a listener it also holds for every
// connection accepted from then on. C function uv_tcp_nodelay.
//
// https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_nodelay
func (t *TCP) SetNoDelay(on bool) error {
	if err := t.use("no delay"); err != nil {
		return err
	}
	return t.check("no delay", t.c.TCPNoDelay(on))
}

// SetKeepAlive makes the kernel probe an idle connection after delay, rounded up to
// seconds; 0 or less turns the probes off. Before there is a socket libuv keeps that
// it is on, with 60 seconds. C function uv_tcp_keepalive.
//
// https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_keepalive
func (t *TCP) SetKeepAlive(delay time.Duration) error {
	if err := t.use("keep alive"); err != nil {
		return err
	}
	if delay <= 0 {
		return t.check("keep alive", t.c.TCPKeepAlive(false, 0))
	}
	return t.check("keep alive", t.c.TCPKeepAlive(true, uint((delay-1)/time.Second)+1))
}

// SetKeepAliveTimes makes the kernel probe an idle connection after idle, then every
// interval, both rounded up to seconds, and give it up after count probes. EINVAL
// unless all are positive, ENOTSUP before libuv 1.52. C function uv_tcp_keepalive_ex.
//
// https://docs.libuv.org/en/v1.x/tcp.html
func (t *TCP) SetKeepAliveTimes(idle, interval time.Duration, count int) error {
	if err := t.use("keep alive times"); err != nil {
		return err
	}
	if idle <= 0 || interval <= 0 || count <= 0 {
		return t.fail("keep alive times", uv.EINVAL)
	}
	return t.check("keep alive times", t.c.TCPKeepAliveEx(true, uint((idle-1)/time.Second)+1, uint((interval-1)/time.Second)+1, uint(count)))
}

// CloseReset closes the connection with a reset, without waiting for queued writes:
// they complete with ECANCELED. EINVAL after Shutdown. C function uv_tcp_close_reset.
//
// https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_close_reset
func (t *TCP) CloseReset() error {
	if err := t.use("close reset"); err != nil {
		return err
	}
	if t.guarded() { // what closes it later resets it, too
		fd, err := t.FD()
		if err == nil {
			err = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		}
		if err != nil {
			return err
		}
		t.putOffClose()
		return nil
	}
	if rc := t.c.TCPCloseReset(); rc < 0 {
		return t.check("close reset", rc)
	}
	t.startClose()
	return nil
}

// Open makes the handle use a duplicate of a connected or bound stream socket; the
// caller keeps fd. EBUSY if the handle has a socket, EINVAL if fd is not a TCP socket.
// C function uv_tcp_open.
//
// https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_open
func (t *TCP) Open(fd uintptr) error {
	return t.openFD("open", fd, true, inetSocket, t.owner(t.c.TCPOpen))
}

// Take is Open without a duplicate: fd, a TCP socket that nobody else closes, is the
// handle's own from now on, unless Take fails. EBUSY if the handle has a socket,
// EINVAL if fd is not a TCP socket, EEXIST if the loop polls it already. C function
// uv_tcp_open.
//
// https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_open
func (t *TCP) Take(fd uintptr) error {
	return t.openFD("take", fd, false, inetSocket, t.owner(t.c.TCPOpen))
}
