package libuv

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"tcp_open_twice":                       kit.PerLoop(testTCPOpenTwice),
		"tcp_bind_error_addrinuse_listen":      kit.PerLoop(testTCPAddrInUse),
		"tcp_bind_or_listen_error_after_close": kit.PerLoop(testTCPBindAfterClose),
		"tcp_connect_timeout":                  kit.PerLoop(testTCPConnectTimeout),
		"tcp_local_connect_timeout":            kit.PerLoop(testTCPLocalConnectTimeout),
		"tcp_close_while_connecting":           kit.PerLoop(testTCPCloseWhileConnecting),
		"connection_fail":                      kit.PerLoop(testConnectionFail),
		"connection_fail_doesnt_auto_close":    kit.PerLoop(testConnectionFailStaysOpen),
	})
}

func testTCPOpenTwice(t *testing.T, l *uvgo.Loop) {
	first, second := kit.RawSocket(t), kit.RawSocket(t)
	c := kit.NewTCP(t, l)
	uvtest.Check(t, c.Open(uintptr(first)))
	uvtest.IsErr(t, "a second socket", c.Open(uintptr(second)), uv.EBUSY)
	uvtest.IsErr(t, "the same again", c.Open(uintptr(first)), uv.EBUSY)
	own := uvtest.Must(c.FD())
	if own == first {
		t.Error("the handle uses the caller's descriptor")
	}
	uvtest.CloseAll(t, c)
	looptest.Run(t, l)
	// The caller keeps what it gave; what the handle had is closed.
	for fd, open := range map[int]bool{first: true, second: true, own: false} {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); (err == nil) != open {
			t.Errorf("descriptor %d: %v, want open: %v", fd, err, open)
		}
	}
	// A handle that has a socket by other means is busy too.
	c = kit.NewTCP(t, l)
	uvtest.Check(t, c.Bind(looptest.Loopback))
	uvtest.IsErr(t, "a socket for a bound handle", c.Open(uintptr(second)), uv.EBUSY)
	uvtest.CloseAll(t, c)
}

func testTCPAddrInUse(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	first, second := kit.NewTCP(t, l), kit.NewTCP(t, l)
	first.OnClose(order.Note("closed"))
	second.OnClose(order.Note("closed"))
	accept := func(*handles.TCP, error) { order.Add("accepted") }
	uvtest.Check(t, first.Bind(looptest.Loopback))
	addr := uvtest.Must(first.LocalAddr())
	uvtest.Check(t, second.Bind(addr)) // which cannot know yet
	uvtest.Check(t, first.Listen(128, accept))
	uvtest.IsErr(t, "listen", second.Listen(128, accept), uv.EADDRINUSE)
	uvtest.Check(t, first.Listen(128, accept)) // the first one is as before
	uvtest.CloseAll(t, first, second)
	looptest.Run(t, l)
	order.Want(t, "closed", "closed")
}

func testTCPBindAfterClose(t *testing.T, l *uvgo.Loop) {
	c := kit.NewTCP(t, l)
	refused := func(when string) {
		t.Helper()
		for what, err := range map[string]error{
			"bind":    c.Bind(looptest.Loopback),
			"listen":  c.Listen(5, func(*handles.TCP, error) {}),
			"connect": c.Connect(looptest.Loopback, func(error) {}),
			"read":    c.ReadStart(func([]byte, error) {}),
			"close":   c.CloseReset(),
		} {
			uvtest.IsErr(t, what+" "+when, err, uv.EINVAL)
			uvtest.IsErr(t, what+" "+when, err, uv.ErrClosed)
			uvtest.IsErr(t, what+" "+when, err, net.ErrClosed)
		}
		uvtest.Check(t, c.Close()) // this one may be repeated
	}
	closed := uvtest.NewCounter(t, "close callback", 1)
	c.OnClose(closed.Inc)
	uvtest.CloseAll(t, c)
	refused("while closing")
	looptest.Run(t, l)
	refused("after closing")
	looptest.Run(t, l)
}

func testTCPConnectTimeout(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	c := kit.NewTCP(t, l)
	c.OnClose(order.Note("closed"))
	uvtest.Check(t, c.Connect(kit.SilentAddr(t), func(err error) {
		order.Failed("connect")(err)
		if !c.Closing() {
			t.Error("the attempt ended by itself: the test shows nothing")
		}
	}))
	uvtest.IsErr(t, "a second attempt", c.Connect(looptest.Loopback, func(error) {}), uv.EALREADY)
	_, err := l.AfterFunc(20*time.Millisecond, func() {
		order.Add("timeout")
		uvtest.CloseAll(t, c)
	})
	uvtest.Check(t, err)
	looptest.Run(t, l)
	order.Want(t, "timeout", "connect ECANCELED", "closed")
}

func testTCPLocalConnectTimeout(t *testing.T, l *uvgo.Loop) {
	addrs := []netip.AddrPort{uvtest.RefusingTCP(t).AddrPort()}
	six := kit.NewTCP(t, l) // bound, but nobody listens
	defer six.Close()
	if six.Bind(netip.MustParseAddrPort("[::1]:0")) == nil {
		addrs = append(addrs, uvtest.Must(six.LocalAddr()))
	}
	for _, addr := range addrs {
		called := uvtest.NewCounter(t, "connect callback", 1)
		c := kit.NewTCP(t, l)
		timeout, err := l.AfterFunc(time.Minute, func() {
			t.Errorf("connecting to %v hangs", addr)
			c.Close()
		})
		uvtest.Check(t, err)
		uvtest.Check(t, c.Connect(addr, func(err error) {
			called.Inc()
			if err == nil || errors.Is(err, uv.ECANCELED) {
				t.Errorf("connect to %v: %v, want the reason", addr, err)
			}
			uvtest.IsErr(t, "connect", err, uv.ECONNREFUSED)
			uvtest.CloseAll(t, c, timeout)
		}))
		looptest.Run(t, l)
	}
}

func testTCPCloseWhileConnecting(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	c := kit.NewTCP(t, l)
	first, second, far := uvtest.Must(l.NewTimer()), uvtest.Must(l.NewTimer()), uvtest.Must(l.NewTimer())
	c.OnClose(order.Note("closed"))
	uvtest.Check(t, c.Connect(kit.SilentAddr(t), func(err error) {
		order.Failed("connect")(err)
		// The second timer is due in the same turn: its event waits behind.
		uvtest.Check(t, second.Stop())
		uvtest.CloseAll(t, first, second, far)
	}))
	uvtest.Check(t, far.Start(24*time.Hour, 0, order.Note("far")))
	uvtest.Check(t, first.Start(time.Millisecond, 0, func() {
		order.Add("first")
		uvtest.CloseAll(t, c)
		uvtest.Check(t, second.Start(0, 0, order.Note("second")))
	}))
	looptest.Run(t, l)
	order.Want(t, "first", "connect ECANCELED", "closed")
}

func testConnectionFail(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	c := kit.NewTCP(t, l)
	c.OnClose(order.Note("closed"))
	uvtest.Check(t, c.Bind(netip.MustParseAddrPort("0.0.0.0:0")))
	uvtest.Check(t, c.Connect(uvtest.RefusingTCP(t).AddrPort(), func(err error) {
		order.Failed("connect")(err)
		uvtest.CloseAll(t, c)
	}))
	looptest.Run(t, l)
	order.Want(t, "connect ECONNREFUSED", "closed")
}

func testConnectionFailStaysOpen(t *testing.T, l *uvgo.Loop) {
	var order kit.Journal
	c := kit.NewTCP(t, l)
	c.OnClose(order.Note("closed"))
	uvtest.Check(t, c.Bind(netip.MustParseAddrPort("0.0.0.0:0")))
	uvtest.Check(t, c.Connect(uvtest.RefusingTCP(t).AddrPort(), func(err error) {
		order.Failed("connect")(err)
		_, err = l.AfterFunc(10*time.Millisecond, func() {
			order.Add("later")
			if c.Closing() {
				t.Error("a failed connect closes the handle")
			}
			if _, err := c.FD(); err != nil {
				t.Errorf("a failed connect takes the socket away: %v", err)
			}
			uvtest.CloseAll(t, c)
		})
		uvtest.Check(t, err)
	}))
	looptest.Run(t, l)
	order.Want(t, "connect ECONNREFUSED", "later", "closed")
}
