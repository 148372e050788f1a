package tests

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
	"github.com/uvgo/uvgo/uv"
)

func init() {
	libuvTests.add(suite{
		"tcp_open_twice":                       onEachLoop(testTCPOpenTwice),
		"tcp_bind_error_addrinuse_listen":      onEachLoop(testTCPAddrInUse),
		"tcp_bind_or_listen_error_after_close": onEachLoop(testTCPBindAfterClose),
		"tcp_connect_timeout":                  onEachLoop(testTCPConnectTimeout),
		"tcp_local_connect_timeout":            onEachLoop(testTCPLocalConnectTimeout),
		"tcp_close_while_connecting":           onEachLoop(testTCPCloseWhileConnecting),
		"connection_fail":                      onEachLoop(testConnectionFail),
		"connection_fail_doesnt_auto_close":    onEachLoop(testConnectionFailStaysOpen),
	})
}

func testTCPOpenTwice(t *testing.T, l *uvgo.Loop) {
	first, second := rawSocket(t), rawSocket(t)
	c := newTCP(t, l)
	check(t, c.Open(uintptr(first)))
	isErr(t, "a second socket", c.Open(uintptr(second)), uv.EBUSY)
	isErr(t, "the same again", c.Open(uintptr(first)), uv.EBUSY)
	own := must(c.FD())
	if own == first {
		t.Error("the handle uses the caller's descriptor")
	}
	closeAll(t, c)
	looptest.Run(t, l)
	// The caller keeps what it gave; what the handle had is closed.
	for fd, open := range map[int]bool{first: true, second: true, own: false} {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); (err == nil) != open {
			t.Errorf("descriptor %d: %v, want open: %v", fd, err, open)
		}
	}
	// A handle that has a socket by other means is busy too.
	c = newTCP(t, l)
	check(t, c.Bind(anyPort))
	isErr(t, "a socket for a bound handle", c.Open(uintptr(second)), uv.EBUSY)
	closeAll(t, c)
}

func testTCPAddrInUse(t *testing.T, l *uvgo.Loop) {
	var order journal
	first, second := newTCP(t, l), newTCP(t, l)
	first.OnClose(order.note("closed"))
	second.OnClose(order.note("closed"))
	accept := func(*handles.TCP, error) { order.add("accepted") }
	check(t, first.Bind(anyPort))
	addr := must(first.LocalAddr())
	check(t, second.Bind(addr)) // which cannot know yet
	check(t, first.Listen(128, accept))
	isErr(t, "listen", second.Listen(128, accept), uv.EADDRINUSE)
	check(t, first.Listen(128, accept)) // the first one is as before
	closeAll(t, first, second)
	looptest.Run(t, l)
	order.want(t, "closed", "closed")
}

func testTCPBindAfterClose(t *testing.T, l *uvgo.Loop) {
	c := newTCP(t, l)
	refused := func(when string) {
		t.Helper()
		for what, err := range map[string]error{
			"bind":    c.Bind(anyPort),
			"listen":  c.Listen(5, func(*handles.TCP, error) {}),
			"connect": c.Connect(anyPort, func(error) {}),
			"read":    c.ReadStart(func([]byte, error) {}),
			"close":   c.CloseReset(),
		} {
			isErr(t, what+" "+when, err, uv.EINVAL)
			isErr(t, what+" "+when, err, uv.ErrClosed)
			isErr(t, what+" "+when, err, net.ErrClosed)
		}
		check(t, c.Close()) // this one may be repeated
	}
	closed := uvtest.NewCounter(t, "close callback", 1)
	c.OnClose(closed.Inc)
	closeAll(t, c)
	refused("while closing")
	looptest.Run(t, l)
	refused("after closing")
	looptest.Run(t, l)
}

func testTCPConnectTimeout(t *testing.T, l *uvgo.Loop) {
	var order journal
	c := newTCP(t, l)
	c.OnClose(order.note("closed"))
	check(t, c.Connect(silentAddr(t), func(err error) {
		order.failed("connect")(err)
		if !c.Closing() {
			t.Error("the attempt ended by itself: the test shows nothing")
		}
	}))
	isErr(t, "a second attempt", c.Connect(anyPort, func(error) {}), uv.EALREADY)
	_, err := l.AfterFunc(20*time.Millisecond, func() {
		order.add("timeout")
		closeAll(t, c)
	})
	check(t, err)
	looptest.Run(t, l)
	order.want(t, "timeout", "connect ECANCELED", "closed")
}

func testTCPLocalConnectTimeout(t *testing.T, l *uvgo.Loop) {
	addrs := []netip.AddrPort{refusingAddr(t)}
	six := newTCP(t, l) // bound, but nobody listens
	defer six.Close()
	if six.Bind(netip.MustParseAddrPort("[::1]:0")) == nil {
		addrs = append(addrs, must(six.LocalAddr()))
	}
	for _, addr := range addrs {
		called := uvtest.NewCounter(t, "connect callback", 1)
		c := newTCP(t, l)
		timeout, err := l.AfterFunc(time.Minute, func() {
			t.Errorf("connecting to %v hangs", addr)
			c.Close()
		})
		check(t, err)
		check(t, c.Connect(addr, func(err error) {
			called.Inc()
			if err == nil || errors.Is(err, uv.ECANCELED) {
				t.Errorf("connect to %v: %v, want the reason", addr, err)
			}
			isErr(t, "connect", err, uv.ECONNREFUSED)
			closeAll(t, c, timeout)
		}))
		looptest.Run(t, l)
	}
}

func testTCPCloseWhileConnecting(t *testing.T, l *uvgo.Loop) {
	var order journal
	c := newTCP(t, l)
	first, second, far := must(l.NewTimer()), must(l.NewTimer()), must(l.NewTimer())
	c.OnClose(order.note("closed"))
	check(t, c.Connect(silentAddr(t), func(err error) {
		order.failed("connect")(err)
		// The second timer is due in the same turn: its event waits behind.
		check(t, second.Stop())
		closeAll(t, first, second, far)
	}))
	check(t, far.Start(24*time.Hour, 0, order.note("far")))
	check(t, first.Start(time.Millisecond, 0, func() {
		order.add("first")
		closeAll(t, c)
		check(t, second.Start(0, 0, order.note("second")))
	}))
	looptest.Run(t, l)
	order.want(t, "first", "connect ECANCELED", "closed")
}

func testConnectionFail(t *testing.T, l *uvgo.Loop) {
	var order journal
	c := newTCP(t, l)
	c.OnClose(order.note("closed"))
	check(t, c.Bind(netip.MustParseAddrPort("0.0.0.0:0")))
	check(t, c.Connect(refusingAddr(t), func(err error) {
		order.failed("connect")(err)
		closeAll(t, c)
	}))
	looptest.Run(t, l)
	order.want(t, "connect ECONNREFUSED", "closed")
}

func testConnectionFailStaysOpen(t *testing.T, l *uvgo.Loop) {
	var order journal
	c := newTCP(t, l)
	c.OnClose(order.note("closed"))
	check(t, c.Bind(netip.MustParseAddrPort("0.0.0.0:0")))
	check(t, c.Connect(refusingAddr(t), func(err error) {
		order.failed("connect")(err)
		_, err = l.AfterFunc(10*time.Millisecond, func() {
			order.add("later")
			if c.Closing() {
				t.Error("a failed connect closes the handle")
			}
			if _, err := c.FD(); err != nil {
				t.Errorf("a failed connect takes the socket away: %v", err)
			}
			closeAll(t, c)
		})
		check(t, err)
	}))
	looptest.Run(t, l)
	order.want(t, "connect ECONNREFUSED", "later", "closed")
}
