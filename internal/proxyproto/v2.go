package proxyproto

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"net/netip"
)

// A header of version 2 is the signature and
//
//	offset  bytes
//	    12      1  version (high four bits: 2) and command (LOCAL or PROXY)
//	    13      1  family (high four bits) and transport
//	    14      2  how many bytes follow, big-endian
//	    16         addresses, as long as the family needs, and then TLVs
const fixed2 = 16

const (
	commandLocal = 0x20
	commandProxy = 0x21

	familyUnspec, familyInet, familyInet6, familyUnix = 0, 1, 2, 3
	transportStream, transportDatagram                = 1, 2

	unixName = 108 // bytes of a unix socket's name

	typeCRC32C = 0x03
)

// addressSize is how many bytes the addresses of a family have.
var addressSize = [...]int{familyInet: 12, familyInet6: 36, familyUnix: 2 * unixName}

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	zeroes     [4]byte // a variable of the package, because one of the function would be allocated
)

// parse2 reads a header of version 2.
func parse2(p []byte) (Header, error) {
	if len(p) > 12 && p[12]>>4 != 2 {
		return Header{}, malformed("version 2: another version number")
	}
	if len(p) > 12 && p[12] > commandProxy {
		return Header{}, malformed("version 2: unknown command")
	}
	if len(p) < fixed2 {
		return Header{}, ErrShort
	}
	size := fixed2 + int(binary.BigEndian.Uint16(p[14:]))
	if size > MaxSize {
		return Header{}, malformed("version 2: longer than 16 KiB")
	}
	family, transport := p[13]>>4, p[13]&15
	local := p[12] == commandLocal // then the family is ignored, too
	if !local {
		switch {
		case family > familyUnix || transport > transportDatagram:
			return Header{}, malformed("version 2: unknown family or transport")
		case (family == familyUnspec) != (transport == 0):
			return Header{}, malformed("version 2: a family without transport, or the reverse")
		case size < fixed2+addressSize[family]:
			return Header{}, malformed("version 2: too short for its addresses")
		}
	}
	if len(p) < size {
		return Header{}, ErrShort
	}
	h := Header{Version: 2, Size: size}
	if local || family == familyUnspec {
		return h, nil
	}
	body := p[fixed2:size]
	tlvs := body[addressSize[family]:]
	if err := checkTLVs(p[:size], size-len(tlvs)); err != nil {
		return Header{}, err
	}
	h.TLVs = tlvs
	if transport == transportDatagram { // the bytes behind the header are a stream's: announce nothing
		return h, nil
	}
	switch family {
	case familyInet:
		h.Src = netip.AddrPortFrom(netip.AddrFrom4([4]byte(body)), binary.BigEndian.Uint16(body[8:]))
		h.Dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte(body[4:])), binary.BigEndian.Uint16(body[10:]))
	case familyInet6:
		h.Src = netip.AddrPortFrom(netip.AddrFrom16([16]byte(body)), binary.BigEndian.Uint16(body[32:]))
		h.Dst = netip.AddrPortFrom(netip.AddrFrom16([16]byte(body[16:])), binary.BigEndian.Uint16(body[34:]))
	case familyUnix:
		h.Unix = true
		h.SrcPath, h.DstPath = path(body[:unixName]), path(body[unixName:2*unixName])
	}
	return h, nil
}

// path returns the name of a unix socket: it ends at the first NUL byte or, if it begins with
// one and so is abstract, before the NUL bytes that fill the field.
func path(p []byte) string {
	if p[0] == 0 {
		p = bytes.TrimRight(p, "\x00")
		if len(p) == 0 {
			return ""
		}
		return "@" + string(p[1:])
	}
	name, _, _ := bytes.Cut(p, []byte{0})
	return string(name)
}

// checkTLVs checks that the TLVs, which begin at an offset of the header, fill it exactly, and
// that the checksum, if there is one, is right.
func checkTLVs(header []byte, at int) error {
	summed := false
	for at < len(header) {
		if len(header)-at < 3 {
			return malformed("version 2: a TLV without type and length")
		}
		typ, n := header[at], int(binary.BigEndian.Uint16(header[at+1:]))
		at += 3
		if n > len(header)-at {
			return malformed("version 2: a TLV longer than the header")
		}
		if typ == typeCRC32C {
			if summed || n != 4 {
				return malformed("version 2: a checksum of another length, or two of them")
			}
			summed = true
			if binary.BigEndian.Uint32(header[at:]) != checksum(header, at) {
				return malformed("version 2: wrong checksum")
			}
		}
		at += n
	}
	return nil
}

// checksum returns the CRC32C of a header whose checksum field, at an offset, counts as zero.
func checksum(header []byte, at int) uint32 {
	sum := crc32.Update(0, castagnoli, header[:at])
	sum = crc32.Update(sum, castagnoli, zeroes[:])
	return crc32.Update(sum, castagnoli, header[at+4:])
}
