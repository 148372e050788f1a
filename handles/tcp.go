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
type TCP struct{ stream }

var _ uv.Handle = (*TCP)(nil)

// NewTCP makes a TCP handle on the loop, without a socket yet unless [WithSocket] asks
// for one. EINVAL for a nil option or an unknown family. C functions uv_tcp_init and
// uv_tcp_init_ex.
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

// openSocket is open for a handle that has a socket from the beginning.
func (t *TCP) openSocket(l uv.Loop, family Family) error {
	if err := t.attach(l, "tcp init", uv.KindTCP); err != nil {
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
	// IPv6Only makes an IPv6 socket refuse IPv4.
	IPv6Only BindOption = 1 << iota
	// ReusePort lets several sockets share a port. The kernel distributes connections
	// or datagrams among them. ENOTSUP if libuv or the system cannot do that.
	ReusePort
	// ReuseAddr lets several UDP sockets bind to the same address. The last one gets
	// the datagrams, and all of them get multicasts. libuv sets SO_REUSEADDR on every
	// TCP socket, where it has another meaning.
	ReuseAddr
	// RecvErr makes a UDP socket report errors that its datagrams met in the network,
	// even if it has no peer. Linux only.
	RecvErr
)

// Bind binds to an address. With port 0 the system chooses the port. If the address is
// in use, Listen or Connect fails, not Bind. EINVAL for the zero AddrPort, for other
// options, or for IPv6Only on an IPv4 address. C function uv_tcp_bind.
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

// Listen starts accepting connections. fn receives each as a new handle, which it must
// close. backlog is the length of the kernel's queue of connections. A second call
// replaces fn. EINVAL for a nil fn, a negative backlog or a connection, EADDRINUSE if
// the address of Bind is in use. C function uv_listen.
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
		c := new(TCP)
		c.peer = cuv.Peer(peer)
		c.register(t.core, h, (*tcpTarget)(c))
		c.inheritLinger(&t.handle)
		c.set(opened | readable | writable)
		fn(c, nil)
	})
}

// Connect starts connecting. fn runs once, with nil or the error; ECANCELED if the
// handle is closed first. The program may write before fn runs: such writes are queued.
// Connect itself returns EINVAL for a nil fn or the zero AddrPort, EALREADY while
// connecting, EISCONN afterwards. C function uv_tcp_connect.
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

// RemoteAddr returns the address of the peer. ENOTCONN without a peer; an accepted
// connection may still return the address after the peer has gone. C function
// uv_tcp_getpeername.
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

// SetNoDelay turns Nagle's algorithm off: small writes are sent at once, and do not
// wait for more bytes. The default is to wait. Connections that a listener accepts
// inherit its setting. C function uv_tcp_nodelay.
//
// https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_nodelay
func (t *TCP) SetNoDelay(on bool) error {
	if err := t.use("no delay"); err != nil {
		return err
	}
	return t.check("no delay", t.c.TCPNoDelay(on))
}

// SetKeepAlive makes the kernel probe an idle connection after delay, rounded up to
// seconds. 0 or less turns the probes off. Without a socket libuv remembers only that
// probes are on, and later uses a delay of 60 seconds. C function uv_tcp_keepalive.
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

// SetKeepAliveTimes makes the kernel probe an idle connection after idle, and then
// every interval, both rounded up to seconds. The connection fails after count probes
// without an answer. EINVAL unless all three are positive, ENOTSUP before libuv 1.52. C
// function uv_tcp_keepalive_ex.
//
// https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_keepalive_ex
func (t *TCP) SetKeepAliveTimes(idle, interval time.Duration, count int) error {
	if err := t.use("keep alive times"); err != nil {
		return err
	}
	if idle <= 0 || interval <= 0 || count <= 0 {
		return t.fail("keep alive times", uv.EINVAL)
	}
	return t.check("keep alive times", t.c.TCPKeepAliveEx(true, uint((idle-1)/time.Second)+1, uint((interval-1)/time.Second)+1, uint(count)))
}

// CloseReset closes the connection with a reset (RST). Queued writes complete with
// ECANCELED. EINVAL after Shutdown. C function uv_tcp_close_reset.
//
// https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_close_reset
func (t *TCP) CloseReset() error {
	if err := t.use("close reset"); err != nil {
		return err
	}
	if t.inUse() { // with SO_LINGER of 0 seconds the close after Unguard sends the reset
		fd, err := t.FD()
		if err == nil {
			err = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		}
		if err != nil {
			return err
		}
		t.deferClose()
		return nil
	}
	if rc := t.c.TCPCloseReset(); rc < 0 {
		return t.check("close reset", rc)
	}
	t.startClose()
	return nil
}

// Open makes the handle use a duplicate of fd, a connected or bound TCP socket. The
// caller keeps fd. EBUSY if the handle has a socket, EINVAL if fd is not a TCP socket.
// C function uv_tcp_open.
//
// https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_open
func (t *TCP) Open(fd uintptr) error {
	return t.openFD("open", fd, true, inetSocket, t.ownWith(t.c.TCPOpen))
}

// Take is Open without a duplicate: from now on the handle owns fd, which nothing else
// may close. If Take fails, the caller keeps fd. EBUSY if the handle has a socket,
// EINVAL if fd is not a TCP socket, EEXIST if the loop polls it already. C function
// uv_tcp_open.
//
// https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_open
func (t *TCP) Take(fd uintptr) error {
	return t.openFD("take", fd, false, inetSocket, t.ownWith(t.c.TCPOpen))
}
