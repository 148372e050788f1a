package submit_test

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
	l := looptest.New(t)
	taken := uvtest.Must(l.NewTCP()) // bound, but not listening
	uvtest.Check(t, taken.Bind(looptest.Loopback))
	addr := uvtest.Must(taken.LocalAddr())
	c := uvtest.Must(l.NewTCP())
	called := uvtest.NewCounter(t, "connect callback", 2)
	uvtest.Check(t, c.Connect(addr, func(err error) {
		called.Inc()
		var e *uv.Error
		if !asError(err, &e) || e.Op != "tcp connect" || e.Addr != addr.String() || e.Errno != uv.ECONNREFUSED {
			t.Errorf("error %#v", err)
		}
		uvtest.IsErr(t, "connect", err, unix.ECONNREFUSED)
		c.Close()
		taken.Close()
	}))
	p := uvtest.Must(l.NewPipe())
	path := filepath.Join(t.TempDir(), "nobody")
	uvtest.Check(t, p.Connect(path, func(err error) {
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
	l := looptest.New(t)
	c := uvtest.Must(l.NewTCP())
	for range 1000 {
		err := c.Connect(netip.AddrPort{}, func(err error) { t.Errorf("the callback runs: %v", err) })
		uvtest.IsErr(t, "connect to no address", err, uv.EINVAL)
	}
	uvtest.IsErr(t, "connect without a function", c.Connect(looptest.Loopback, nil), uv.EINVAL)
	if l.Alive() {
		t.Error("a refused attempt keeps the loop alive")
	}
	c.Close()
	looptest.Run(t, l)
}
