package proxyproto_test

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/proxyproto"
)

const sig2 = "\r\n\r\n\x00\r\nQUIT\n"

// v2 makes a header of version 2 with the right length.
func v2(command, family byte, body string) string {
	n := binary.BigEndian.AppendUint16(nil, uint16(len(body)))
	return sig2 + string([]byte{command, family}) + string(n) + body
}

const (
	inet  = "\xc0\x00\x02\x01\xc6\x33\x64\x01\xdc\x04\x01\xbb" // 192.0.2.1:56324 to 198.51.100.1:443
	inet6 = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" +
		"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\xdc\x04\x01\xbb"
	noop = "\x04\x00\x02xx"
)

// summed is a version 2 header with TLVs around a checksum.
func summed(wrong uint32) string {
	h := []byte(v2(0x21, 0x11, inet+noop+"\x03\x00\x04\x00\x00\x00\x00"+noop))
	sum := crc32.Checksum(h, crc32.MakeTable(crc32.Castagnoli)) ^ wrong
	binary.BigEndian.PutUint32(h[len(h)-len(noop)-4:], sum)
	return string(h)
}

func unix(src, dst string) string {
	pad := func(s string) string { return s + strings.Repeat("\x00", 108-len(s)) }
	return v2(0x21, 0x31, pad(src)+pad(dst))
}

var (
	src4, dst4 = netip.MustParseAddrPort("192.0.2.1:56324"), netip.MustParseAddrPort("198.51.100.1:443")
	src6, dst6 = netip.MustParseAddrPort("[2001:db8::1]:56324"), netip.MustParseAddrPort("[2001:db8::2]:443")
)

// valid are headers and what they announce; Size and Version are left out.
var valid = map[string]struct {
	text string
	want proxyproto.Header
}{
	"v1 TCP4":             {"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", proxyproto.Header{Src: src4, Dst: dst4}},
	"v1 TCP6":             {"PROXY TCP6 2001:db8::1 2001:DB8:0:0:0:0:0:2 56324 443\r\n", proxyproto.Header{Src: src6, Dst: dst6}},
	"v1 port 0":           {"PROXY TCP4 192.0.2.1 198.51.100.1 0 65535\r\n", proxyproto.Header{Src: netip.AddrPortFrom(src4.Addr(), 0), Dst: netip.AddrPortFrom(dst4.Addr(), 65535)}},
	"v1 UNKNOWN":          {"PROXY UNKNOWN\r\n", proxyproto.Header{}},
	"v1 UNKNOWN and more": {"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", proxyproto.Header{}},
	"v1 of 107 bytes":     {"PROXY UNKNOWN " + strings.Repeat("x", 91) + "\r\n", proxyproto.Header{}},
	"v2 LOCAL":            {v2(0x20, 0, ""), proxyproto.Header{}},
	"v2 LOCAL with data":  {v2(0x20, 0xff, "anything"), proxyproto.Header{}},
	"v2 UNSPEC":           {v2(0x21, 0, "anything"), proxyproto.Header{}},
	"v2 INET":             {v2(0x21, 0x11, inet), proxyproto.Header{Src: src4, Dst: dst4}},
	"v2 INET6":            {v2(0x21, 0x21, inet6), proxyproto.Header{Src: src6, Dst: dst6}},
	"v2 datagrams":        {v2(0x21, 0x12, inet), proxyproto.Header{}},
	"v2 UNIX":             {unix("/run/a.sock", "\x00abstract"), proxyproto.Header{Unix: true, SrcPath: "/run/a.sock", DstPath: "@abstract"}},
	"v2 UNIX unnamed":     {unix("", strings.Repeat("x", 108)), proxyproto.Header{Unix: true, DstPath: strings.Repeat("x", 108)}},
	"v2 TLVs":             {v2(0x21, 0x11, inet+noop+"\xe0\x00\x00"), proxyproto.Header{Src: src4, Dst: dst4, TLVs: []byte(noop + "\xe0\x00\x00")}},
	"v2 checksum":         {summed(0), proxyproto.Header{Src: src4, Dst: dst4, TLVs: []byte(summed(0)[16+12:])}},
	"v2 of 16 KiB":        {v2(0x21, 0x11, inet+"\x04\x3f\xe1"+strings.Repeat("x", proxyproto.MaxSize-16-12-3)), proxyproto.Header{Src: src4, Dst: dst4, TLVs: []byte("\x04\x3f\xe1" + strings.Repeat("x", proxyproto.MaxSize-16-12-3))}},
}

var malformed = map[string]string{
	"v1 nothing":               "PROXY \r\n",
	"v1 no protocol":           "PROXY  TCP4 192.0.2.1 198.51.100.1 1 2\r\n",
	"v1 lower case":            "PROXY tcp4 192.0.2.1 198.51.100.1 1 2\r\n",
	"v1 UDP4":                  "PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n",
	"v1 LF alone":              "PROXY TCP4 192.0.2.1 198.51.100.1 1 2\n",
	"v1 CR before":             "PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\r\n",
	"v1 CR within":             "PROXY TCP4 192.0.2.1 198.51.100.1 1\r2\r\n",
	"v1 too few fields":        "PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n",
	"v1 no field":              "PROXY TCP4\r\n",
	"v1 too many fields":       "PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n",
	"v1 space at the end":      "PROXY TCP4 192.0.2.1 198.51.100.1 1 2 \r\n",
	"v1 two spaces":            "PROXY TCP4  192.0.2.1 198.51.100.1 1 2\r\n",
	"v1 IPv6 as TCP4":          "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
	"v1 IPv4 as TCP6":          "PROXY TCP6 192.0.2.1 198.51.100.1 1 2\r\n",
	"v1 zero before number":    "PROXY TCP4 192.0.2.01 198.51.100.1 1 2\r\n",
	"v1 zero before port":      "PROXY TCP4 192.0.2.1 198.51.100.1 01 2\r\n",
	"v1 number over 255":       "PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n",
	"v1 three numbers":         "PROXY TCP4 192.0.2 198.51.100.1 1 2\r\n",
	"v1 port over 65535":       "PROXY TCP4 192.0.2.1 198.51.100.1 1 65536\r\n",
	"v1 signed port":           "PROXY TCP4 192.0.2.1 198.51.100.1 +1 2\r\n",
	"v1 zone":                  "PROXY TCP6 fe80::1%1 fe80::2 1 2\r\n",
	"v1 two gaps":              "PROXY TCP6 1::2::3 ::1 1 2\r\n",
	"v1 108 bytes":             "PROXY UNKNOWN " + strings.Repeat("x", 92) + "\r\n",
	"v1 no line end":           "PROXY " + strings.Repeat("x", 101),
	"v2 version 1":             v2(0x11, 0x11, inet),
	"v2 version 3":             v2(0x31, 0x11, inet),
	"v2 command 2":             v2(0x22, 0x11, inet),
	"v2 family 4":              v2(0x21, 0x41, inet),
	"v2 transport 3":           v2(0x21, 0x13, inet),
	"v2 no transport":          v2(0x21, 0x10, inet),
	"v2 no family":             v2(0x21, 0x01, inet),
	"v2 INET too short":        v2(0x21, 0x11, inet[1:]),
	"v2 INET6 too short":       v2(0x21, 0x21, inet6[1:]),
	"v2 UNIX too short":        v2(0x21, 0x31, strings.Repeat("x", 215)),
	"v2 TLV without length":    v2(0x21, 0x11, inet+"\x04\x00"),
	"v2 TLV too long":          v2(0x21, 0x11, inet+"\x04\x00\x02x"),
	"v2 wrong checksum":        summed(1),
	"v2 checksum of 3 bytes":   v2(0x21, 0x11, inet+"\x03\x00\x03xxx"),
	"v2 longer than MaxSize":   v2(0x21, 0x11, inet+"\x04\x3f\xe2"+strings.Repeat("x", proxyproto.MaxSize-16-12-2)),
	"v2 two checksums":         twoSums(),
	"v2 datagrams, bad TLV":    v2(0x21, 0x12, inet+"\x04"),
	"v2 malformed on 13 bytes": sig2 + "\x99",
}

// twoSums has a second checksum field that would be right if it alone were zeroed.
func twoSums() string {
	h := []byte(v2(0x21, 0x11, inet+"\x03\x00\x04\x00\x00\x00\x00"+"\x03\x00\x04\x00\x00\x00\x00"))
	table := crc32.MakeTable(crc32.Castagnoli)
	first := len(h) - 11
	binary.BigEndian.PutUint32(h[first:], crc32.Checksum(h, table))
	return string(h)
}

var addrs = cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })

func TestHeadersSplitAtEveryByteAnnounceTheSame(t *testing.T) {
	for name, c := range valid {
		t.Run(name, func(t *testing.T) {
			c.want.Version, c.want.Size = 1, len(c.text)
			if strings.HasPrefix(c.text, sig2) {
				c.want.Version = 2
			}
			step := max(1, len(c.text)/300)
			for at := 0; at <= len(c.text); at += step {
				var p proxyproto.Parser
				h, _, err := p.Feed([]byte(c.text[:at]))
				if at < len(c.text) {
					if err != proxyproto.ErrShort {
						t.Fatalf("%d bytes: %v, want ErrShort", at, err)
					}
					var rest []byte
					h, rest, err = p.Feed([]byte(c.text[at:] + "behind"))
					if string(rest) != "behind" {
						t.Fatalf("split at %d: %q follows", at, rest)
					}
				}
				if diff := cmp.Diff(c.want, h, addrs, cmp.Transformer("TLVs", func(p []byte) string { return string(p) })); err != nil || diff != "" {
					t.Fatalf("split at %d: %v %s", at, err, diff)
				}
			}
		})
	}
}

func TestHeadersByteByByte(t *testing.T) {
	for name, c := range valid {
		var p proxyproto.Parser
		for i := range len(c.text) {
			h, rest, err := p.Feed([]byte{c.text[i]})
			if last := i == len(c.text)-1; last && (err != nil || h.Src != c.want.Src || len(rest) != 0) || !last && err != proxyproto.ErrShort {
				t.Fatalf("%s, byte %d of %d: %v, %v, %q", name, i, len(c.text), h, err, rest)
			}
		}
	}
}

func TestMalformedHeadersAreRefusedHoweverSplit(t *testing.T) {
	for name, text := range malformed {
		for at := range len(text) {
			var p proxyproto.Parser
			_, _, err := p.Feed([]byte(text[:at]))
			if err == proxyproto.ErrShort {
				_, _, err = p.Feed([]byte(text[at:]))
			}
			if !errors.Is(err, proxyproto.ErrMalformed) {
				t.Fatalf("%s, split at %d: %v", name, at, err)
			}
			if at > 300 {
				break
			}
		}
	}
}

func TestOtherProtocolsHaveNoHeader(t *testing.T) {
	for _, text := range []string{"GET / HTTP/1.1\r\n", "PROXX", "POST /", "\r\n\r\nGET", "PROXY\tTCP4", "\x16\x03\x01", sig2[:11] + "\r"} {
		for at := range len(text) {
			var p proxyproto.Parser
			_, rest, err := p.Feed([]byte(text[:at]))
			got := at
			if err == proxyproto.ErrShort {
				_, rest, err = p.Feed([]byte(text[at:]))
				got = len(text)
			}
			if err != proxyproto.ErrNone || string(rest) != text[:got] {
				t.Fatalf("%q split at %d: %v, %q", text, at, err, rest)
			}
		}
	}
}

func TestPendingIsWhatHasArrived(t *testing.T) {
	var p proxyproto.Parser
	for _, piece := range []string{"PR", "", "OXY"} {
		if _, _, err := p.Feed([]byte(piece)); err != proxyproto.ErrShort {
			t.Fatal(err)
		}
	}
	if got := string(p.Pending()); got != "PROXY" {
		t.Errorf("%q", got)
	}
}

func TestParsingAllocatesNothing(t *testing.T) {
	v1 := []byte(valid["v1 TCP6"].text)
	v2 := []byte(valid["v2 checksum"].text)
	var p proxyproto.Parser
	got := testing.AllocsPerRun(100, func() {
		p = proxyproto.Parser{}
		for _, h := range [][]byte{v1, v2} {
			if _, err := proxyproto.Parse(h); err != nil {
				t.Fatal(err)
			}
		}
		_, _, short := p.Feed(v2[:20])
		if _, _, err := p.Feed(v2[20:]); err != nil || short != proxyproto.ErrShort {
			t.Fatal(err)
		}
	})
	if got != 0 {
		t.Errorf("%v allocations", got)
	}
}
