package proxyproto

import (
	"encoding/binary"
	"net/netip"
)

// Append1 appends a header of version 1. An invalid address makes it announce UNKNOWN. Unless
// both addresses are IPv4, or IPv4 in IPv6 form, both are announced as IPv6.
func Append1(b []byte, src, dst netip.AddrPort) []byte {
	if !src.IsValid() || !dst.IsValid() {
		return append(b, signature1+"UNKNOWN\r\n"...)
	}
	s, d := sameFamily(src.Addr(), dst.Addr())
	protocol := "TCP6 "
	if s.Is4() {
		protocol = "TCP4 "
	}
	b = append(append(b, signature1...), protocol...)
	b = append(s.AppendTo(b), ' ')
	b = append(d.AppendTo(b), ' ')
	b = append(appendDecimal(b, src.Port()), ' ')
	b = appendDecimal(b, dst.Port())
	return append(b, '\r', '\n')
}

// sameFamily returns the addresses as two of IPv4 or two of IPv6, without zones.
func sameFamily(a, b netip.Addr) (netip.Addr, netip.Addr) {
	a, b = a.Unmap().WithZone(""), b.Unmap().WithZone("")
	if a.Is4() != b.Is4() {
		return netip.AddrFrom16(a.As16()), netip.AddrFrom16(b.As16())
	}
	return a, b
}

func appendDecimal(b []byte, n uint16) []byte {
	if n >= 10 {
		b = appendDecimal(b, n/10)
	}
	return append(b, '0'+byte(n%10))
}

// Append2 appends a header of version 2. An invalid address makes it a LOCAL header, which
// announces none. Addresses as for Append1.
func Append2(b []byte, src, dst netip.AddrPort) []byte {
	b = append(b, signature2...)
	if !src.IsValid() || !dst.IsValid() {
		return append(b, commandLocal, 0, 0, 0)
	}
	s, d := sameFamily(src.Addr(), dst.Addr())
	if s.Is4() {
		b = append(b, commandProxy, familyInet<<4|transportStream, 0, byte(addressSize[familyInet]))
		s4, d4 := s.As4(), d.As4()
		b = append(append(b, s4[:]...), d4[:]...)
	} else {
		b = append(b, commandProxy, familyInet6<<4|transportStream, 0, byte(addressSize[familyInet6]))
		s16, d16 := s.As16(), d.As16()
		b = append(append(b, s16[:]...), d16[:]...)
	}
	b = binary.BigEndian.AppendUint16(b, src.Port())
	return binary.BigEndian.AppendUint16(b, dst.Port())
}

// AppendUnix2 appends a header of version 2 with the names of unix sockets. Names that do not
// fit make a LOCAL header. A name that begins with "@" is abstract.
func AppendUnix2(b []byte, src, dst string) []byte {
	b = append(b, signature2...)
	if len(src) > unixName || len(dst) > unixName {
		return append(b, commandLocal, 0, 0, 0)
	}
	b = append(b, commandProxy, familyUnix<<4|transportStream, 0, byte(addressSize[familyUnix]))
	for _, name := range [...]string{src, dst} {
		var field [unixName]byte
		if copy(field[:], name); name != "" && name[0] == '@' {
			field[0] = 0
		}
		b = append(b, field[:]...)
	}
	return b
}
