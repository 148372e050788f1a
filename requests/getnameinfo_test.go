package requests_test

import (
	"context"
	"net/netip"
	"testing"

	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// names asks and runs the loop until the answer is there.
func names(t testing.TB, addr string, flags requests.NameInfoFlag) (host, service string, err error) {
	t.Helper()
	l := looptest.New(t)
	called := uvtest.NewCounter(t, "names of "+addr, 1)
	_, e := requests.GetNameInfo(l, netip.MustParseAddrPort(addr), flags, func(h, s string, e error) {
		called.Inc()
		host, service, err = h, s, e
	})
	uvtest.Check(t, e)
	looptest.Run(t, l)
	return host, service, err
}

const numericName = requests.NINumericHost | requests.NINumericServ

func TestGetNameInfo(t *testing.T) {
	for _, c := range []struct {
		addr          string
		flags         requests.NameInfoFlag
		host, service string
	}{
		{"127.0.0.1:80", numericName, "127.0.0.1", "80"},
		{"[2001:db8::1]:65535", numericName, "2001:db8::1", "65535"},
		{"[fe80::1%lo]:80", numericName, "fe80::1%lo", "80"},
		{"[fe80::1%1]:80", numericName, "fe80::1%lo", "80"},
		{"[::ffff:192.0.2.1]:0", numericName, "::ffff:192.0.2.1", "0"},
		{"127.0.0.1:0", requests.NINumericServ | requests.NINameReqd, "localhost", "0"},
	} {
		host, service, err := names(t, c.addr, c.flags)
		if err != nil || host != c.host || service != c.service {
			t.Errorf("%s: %q, %q, %v; want %q, %q", c.addr, host, service, err, c.host, c.service)
		}
	}
}

func TestGetNameInfoErrors(t *testing.T) {
	l := looptest.New(t)
	for addr, want := range map[netip.AddrPort]error{
		{}: uv.EINVAL,
		netip.MustParseAddrPort("[fe80::1%nosuchif]:80"): uv.EINVAL,
		netip.MustParseAddrPort("192.0.2.1:80"):          uv.EAI_BADFLAGS,
	} {
		_, err := requests.GetNameInfo(l, addr, 1<<20, func(_, _ string, _ error) { t.Error("called") })
		uvtest.IsErr(t, addr.String(), err, want)
	}
	addr := netip.MustParseAddrPort("127.0.0.1:80")
	_, err := requests.GetNameInfo(l, addr, 0, nil)
	uvtest.IsErr(t, "no function", err, uv.EINVAL)
	_, err = requests.GetNameInfo(nil, addr, 0, func(_, _ string, _ error) {})
	uvtest.IsErr(t, "no loop", err, uv.EINVAL)

	host, service, err := names(t, "127.0.0.1:1", requests.NINumericHost|requests.NINameReqd) // they exclude each other
	uvtest.IsErr(t, "no name", err, uv.EAI_NONAME)
	if host != "" || service != "" {
		t.Errorf("an error, yet %q and %q", host, service)
	}
	uvtest.Check(t, l.Close())
	_, err = requests.GetNameInfo(l, addr, 0, func(_, _ string, _ error) {})
	uvtest.IsErr(t, "closed loop", err, uv.ErrClosed)
}

func TestGetNameInfoCancel(t *testing.T) {
	l := looptest.New(t)
	addr := netip.MustParseAddrPort("127.0.0.1:80")
	const n = 200
	done := uvtest.NewCounter(t, "lookups", n)
	for range n {
		var cancelled bool
		r, err := requests.GetNameInfo(l, addr, 0, func(host, _ string, err error) {
			done.Inc()
			if cancelled {
				uvtest.IsErr(t, "cancelled", err, uv.ECANCELED)
			} else if err != nil || host == "" {
				t.Errorf("not cancelled: %q, %v", host, err)
			}
		})
		uvtest.Check(t, err)
		if err := r.Cancel(); err != nil {
			uvtest.IsErr(t, "cancel", err, uv.EBUSY)
			continue
		}
		cancelled = true
		uvtest.IsErr(t, "second cancel", r.Cancel(), uv.EBUSY)
	}
	looptest.Run(t, l)
}

func TestGetNameInfoContext(t *testing.T) {
	l := looptest.New(t)
	running(t, l)
	addr := netip.MustParseAddrPort("127.0.0.1:80")
	host, service, err := requests.GetNameInfoContext(t.Context(), l, addr, numericName)
	if err != nil || host != "127.0.0.1" || service != "80" {
		t.Errorf("%q, %q, %v", host, service, err)
	}
	_, _, err = requests.GetNameInfoContext(t.Context(), l, netip.AddrPort{}, 0)
	uvtest.IsErr(t, "no address", err, uv.EINVAL)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = requests.GetNameInfoContext(ctx, l, addr, 0)
	uvtest.IsErr(t, "ended context", err, context.Canceled)
}
