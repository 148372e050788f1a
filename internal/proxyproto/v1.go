package proxyproto

import (
	"bytes"
	"net/netip"
)

// parse1 reads a header of version 1, a line such as
//
//	PROXY TCP4 192.0.2.1 198.51.100.1 56324 443
func parse1(p []byte) (Header, error) {
	end := bytes.IndexByte(p[:min(len(p), maxV1)], '\n')
	switch {
	case end < 0 && len(p) >= maxV1:
		return Header{}, malformed("version 1: no line end in 107 bytes")
	case end < 0:
		return Header{}, ErrShort
	case end == 0 || p[end-1] != '\r':
		return Header{}, malformed("version 1: the line does not end with CR LF")
	}
	h := Header{Version: 1, Size: end + 1}
	line := p[:end-1]
	if len(line) <= len(signature1) {
		return Header{}, malformed("version 1: no protocol")
	}
	protocol, rest, more := bytes.Cut(line[len(signature1):], []byte{' '})
	if string(protocol) == "UNKNOWN" { // what follows is ignored
		return h, nil
	}
	parse := parse4
	switch string(protocol) {
	case "TCP4":
	case "TCP6":
		parse = parse6
	default:
		return Header{}, malformed("version 1: the protocol is not TCP4, TCP6 or UNKNOWN")
	}
	var f [4][]byte
	for i := range f {
		if !more {
			return Header{}, malformed("version 1: too few fields")
		}
		f[i], rest, more = bytes.Cut(rest, []byte{' '})
	}
	if more {
		return Header{}, malformed("version 1: too many fields")
	}
	src, ok1 := parse(f[0])
	dst, ok2 := parse(f[1])
	if !ok1 || !ok2 {
		return Header{}, malformed("version 1: bad address")
	}
	srcPort, ok1 := decimal(f[2], 65535)
	dstPort, ok2 := decimal(f[3], 65535)
	if !ok1 || !ok2 {
		return Header{}, malformed("version 1: bad port")
	}
	h.Src = netip.AddrPortFrom(src, uint16(srcPort))
	h.Dst = netip.AddrPortFrom(dst, uint16(dstPort))
	return h, nil
}

// decimal reads a number up to most, without leading zeroes.
func decimal(p []byte, most int) (int, bool) {
	if len(p) == 0 || len(p) > 5 || len(p) > 1 && p[0] == '0' {
		return 0, false
	}
	n := 0
	for _, c := range p {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, n <= most
}

// parse4 is netip.ParseAddr for IPv4. That function takes a string, which would be allocated.
func parse4(p []byte) (netip.Addr, bool) {
	var ip [4]byte
	for i := range ip {
		field, rest, more := bytes.Cut(p, []byte{'.'})
		n, ok := decimal(field, 255)
		if !ok || more != (i < 3) {
			return netip.Addr{}, false
		}
		ip[i], p = byte(n), rest
	}
	return netip.AddrFrom4(ip), true
}

// parse6 is netip.ParseAddr for IPv6 without a zone, see parse4.
func parse6(p []byte) (netip.Addr, bool) {
	var ip [16]byte
	n, gap := 0, -1 // bytes of ip that are set; where "::" stands for zeroes
	if len(p) >= 2 && p[0] == ':' && p[1] == ':' {
		gap, p = 0, p[2:]
	}
	for len(p) > 0 {
		if n == 16 {
			return netip.Addr{}, false
		}
		field, rest, more := bytes.Cut(p, []byte{':'})
		if !more && bytes.IndexByte(field, '.') >= 0 { // an IPv4 address at the end
			a, ok := parse4(field)
			if !ok || n > 12 {
				return netip.Addr{}, false
			}
			four := a.As4()
			n += copy(ip[n:], four[:])
			break
		}
		v, ok := hexadecimal(field)
		if !ok {
			return netip.Addr{}, false
		}
		ip[n], ip[n+1] = byte(v>>8), byte(v)
		n += 2
		p = rest
		if more && len(p) == 0 { // a single ':' at the end
			return netip.Addr{}, false
		}
		if more && p[0] == ':' {
			if gap >= 0 {
				return netip.Addr{}, false
			}
			gap, p = n, p[1:]
		}
	}
	if gap < 0 && n != 16 || gap >= 0 && n == 16 {
		return netip.Addr{}, false
	}
	if gap >= 0 {
		tail := copy(ip[16-(n-gap):], ip[gap:n])
		clear(ip[gap : 16-tail])
	}
	return netip.AddrFrom16(ip), true
}

// hexadecimal reads one to four digits.
func hexadecimal(p []byte) (int, bool) {
	if len(p) == 0 || len(p) > 4 {
		return 0, false
	}
	n := 0
	for _, c := range p {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		n = n<<4 | int(c)
	}
	return n, true
}
