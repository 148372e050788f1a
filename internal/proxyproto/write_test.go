package proxyproto_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/proxyproto"
)

func TestWrittenHeadersAreRead(t *testing.T) {
	mapped := netip.MustParseAddrPort("[::ffff:192.0.2.1]:56324")
	zone := netip.MustParseAddrPort("[fe80::1%eth0]:1")
	for _, c := range []struct{ src, dst, wantSrc, wantDst netip.AddrPort }{
		{src4, dst4, src4, dst4},
		{src6, dst6, src6, dst6},
		{mapped, dst4, src4, dst4},
		{src4, dst6, mapped, dst6},
		{zone, dst6, netip.MustParseAddrPort("[fe80::1]:1"), dst6},
		{src4, netip.AddrPort{}, netip.AddrPort{}, netip.AddrPort{}},
		{netip.AddrPort{}, dst6, netip.AddrPort{}, netip.AddrPort{}},
	} {
		for version, b := range [][]byte{1: proxyproto.Append1([]byte("x"), c.src, c.dst), 2: proxyproto.Append2([]byte("x"), c.src, c.dst)} {
			if version == 0 {
				continue
			}
			h, err := proxyproto.Parse(b[1:])
			if err != nil || h.Src != c.wantSrc || h.Dst != c.wantDst || h.Version != version || h.Size != len(b)-1 {
				t.Errorf("version %d of %v to %v: %+v, %v", version, c.src, c.dst, h, err)
			}
		}
	}
}

func TestWrittenUnixNamesAreRead(t *testing.T) {
	for _, c := range [][2]string{{"/run/a", "@b"}, {"", ""}, {strings.Repeat("x", 108), "/y"}} {
		h, err := proxyproto.Parse(proxyproto.AppendUnix2(nil, c[0], c[1]))
		if err != nil || !h.Unix || h.SrcPath != c[0] || h.DstPath != c[1] {
			t.Errorf("%q: %+v, %v", c, h, err)
		}
	}
	h, err := proxyproto.Parse(proxyproto.AppendUnix2(nil, strings.Repeat("x", 109), ""))
	if err != nil || h.Unix {
		t.Errorf("a name that does not fit: %+v, %v", h, err)
	}
}

func TestVersion1AsTheSpecificationWritesIt(t *testing.T) {
	if got := string(proxyproto.Append1(nil, src4, dst4)); got != "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n" {
		t.Errorf("%q", got)
	}
}
