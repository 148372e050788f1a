package proxyproto_test

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"

	"github.com/uvgo/uvgo/internal/proxyproto"
)

// FuzzHeader feeds bytes whole and in two pieces: both must give the same, and what is valid
// must be read the same after it was written again.
func FuzzHeader(f *testing.F) {
	for _, c := range valid {
		f.Add([]byte(c.text+"behind"), 5)
	}
	for _, text := range malformed {
		f.Add([]byte(text), 14)
	}
	f.Fuzz(func(t *testing.T, b []byte, at int) {
		at = min(max(at, 0), len(b))
		whole, werr := proxyproto.Parse(b)
		var p proxyproto.Parser
		h, rest, err := p.Feed(b[:at])
		fed := at
		if err == proxyproto.ErrShort {
			h, rest, err = p.Feed(b[at:])
			fed = len(b)
		}
		switch {
		case werr == proxyproto.ErrShort && err != proxyproto.ErrShort,
			(werr == nil) != (err == nil), h.Src != whole.Src, h.Dst != whole.Dst,
			(werr == proxyproto.ErrNone) != (err == proxyproto.ErrNone),
			errors.Is(werr, proxyproto.ErrMalformed) != errors.Is(err, proxyproto.ErrMalformed):
			t.Fatalf("whole: %+v, %v; split at %d: %+v, %v", whole, werr, at, h, err)
		}
		if err != nil {
			return
		}
		if h.Size > proxyproto.MaxSize || !bytes.Equal(rest, b[h.Size:fed]) || !bytes.Equal(h.TLVs, whole.TLVs) {
			t.Fatalf("size %d, %d bytes follow of %d", h.Size, len(rest), fed)
		}
		if h.Src.IsValid() {
			again, err := proxyproto.Parse(proxyproto.Append1(nil, h.Src, h.Dst))
			same := func(a, b netip.AddrPort) bool { return a.Addr().Unmap() == b.Addr().Unmap() && a.Port() == b.Port() }
			if err != nil || !same(again.Src, h.Src) || !same(again.Dst, h.Dst) {
				t.Fatalf("%v to %v becomes %v to %v, %v", h.Src, h.Dst, again.Src, again.Dst, err)
			}
		}
	})
}

// FuzzAddress compares with package netip what counts as an address in version 1.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1.2.3.4", "01.2.3.4", ":1", "1:", "1::2::3", "::ffff:1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 39 || bytes.ContainsAny([]byte(s), " \r\n") {
			return
		}
		want, err := netip.ParseAddr(s)
		for protocol, ok := range map[string]bool{"TCP4": err == nil && want.Is4(), "TCP6": err == nil && want.Is6() && want.Zone() == ""} {
			h, err := proxyproto.Parse([]byte("PROXY " + protocol + " " + s + " " + s + " 1 2\r\n"))
			if (err == nil) != ok || ok && h.Src.Addr() != want {
				t.Fatalf("%s %q: %v, %v; netip: %v", protocol, s, h.Src, err, want)
			}
		}
	})
}
