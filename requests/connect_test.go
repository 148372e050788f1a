package requests_test

import (
	"errors"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

func asError(err error, e **uv.Error) bool { return errors.As(err, e) }

// TestConnectErrorNamesTheAddress checks what a failed attempt says, be it
// refused at once or later.
func TestConnectErrorNamesTheAddress(t *testing.T) {
	l := newLoop(t)
	taken := must(l.NewTCP()) // bound, but not listening
	check(t, taken.Bind(loopback))
	addr := must(taken.LocalAddr())
	c := must(l.NewTCP())
	called := uvtest.NewCounter(t, "connect callback", 2)
	check(t, c.Connect(addr, func(err error) {
		called.Inc()
		var e *uv.Error
		if !asError(err, &e) || e.Op != "tcp connect" || e.Addr != addr.String() || e.Errno != uv.ECONNREFUSED {
			t.Errorf("error %#v", err)
		}
		isErr(t, "connect", err, unix.ECONNREFUSED)
		c.Close()
		taken.Close()
	}))
	p := must(l.NewPipe())
	path := filepath.Join(t.TempDir(), "nobody")
	check(t, p.Connect(path, func(err error) {
		called.Inc()
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("error %v does not name %s", err, path)
		}
		p.Close()
	}))
	looptest.Run(t, l)
}

// TestConnectRefusedAtOnceLeavesNothing: an attempt that fails in the call has
// no callback, holds no slot, and does not keep the loop alive.
func TestConnectRefusedAtOnceLeavesNothing(t *testing.T) {
	l := newLoop(t)
	c := must(l.NewTCP())
	for range 1000 {
		err := c.Connect(netip.AddrPort{}, func(err error) { t.Errorf("the callback runs: %v", err) })
		isErr(t, "connect to no address", err, uv.EINVAL)
	}
	isErr(t, "connect without a function", c.Connect(loopback, nil), uv.EINVAL)
	if l.Alive() {
		t.Error("a refused attempt keeps the loop alive")
	}
	c.Close()
	looptest.Run(t, l)
}
