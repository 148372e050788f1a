package proxyproto

import (
	"errors"
	"net/netip"
)

// A Header is what a proxy announces. Of a header that announces nothing, such as that of a
// proxy's health check, only Version and Size are set.
type Header struct {
	Version int // 1 or 2
	Size    int // in bytes, as it was received
	// Src is the client's address and Dst the one that it connected to. Both are invalid if
	// the header announces none, or those of unix sockets.
	Src, Dst netip.AddrPort
	// SrcPath and DstPath are the names of unix sockets, of version 2 only. An abstract name
	// begins with "@".
	SrcPath, DstPath string
	Unix             bool // the paths are announced, which may be empty
	// TLVs are the fields behind the addresses of version 2, checked: each has a type (1 byte),
	// a length (2 bytes, big-endian) and so many bytes. They are borrowed from what was parsed.
	TLVs []byte
}

var (
	// ErrShort means that more bytes are needed: what has arrived is the beginning of a header.
	ErrShort = errors.New("proxyproto: incomplete header")
	// ErrNone means that what has arrived is not the beginning of a header.
	ErrNone = errors.New("proxyproto: no header")
	// ErrMalformed is matched by the errors of headers that break a rule.
	ErrMalformed = errors.New("proxyproto: malformed header")
)

// A malformed says which rule a header breaks.
type malformed string

func (m malformed) Error() string        { return "proxyproto: malformed header: " + string(m) }
func (m malformed) Is(target error) bool { return target == ErrMalformed }

// MaxSize is how long a header may be, in bytes. The specification allows a version 2 header
// of 64 KiB; the longest in use carry a client's certificate.
const MaxSize = 16 << 10

// maxV1 is how long a version 1 header may be, with the CRLF that ends it.
const maxV1 = 107

const (
	signature1 = "PROXY "
	signature2 = "\r\n\r\n\x00\r\nQUIT\n"
)

// Parse reads the header at the beginning of p, which is what has arrived so far. ErrShort
// and ErrNone as documented there; other errors match ErrMalformed.
func Parse(p []byte) (Header, error) {
	switch {
	case begins(p, signature1):
		return parse1(p)
	case begins(p, signature2):
		return parse2(p)
	}
	return Header{}, ErrNone
}

// begins tells whether p begins with s, or is a beginning of s.
func begins(p []byte, s string) bool {
	n := min(len(p), len(s))
	return string(p[:n]) == s[:n]
}
