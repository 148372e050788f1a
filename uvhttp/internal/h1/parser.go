package h1

import (
	"bytes"
	"math"
)

// keptFields is how many fields' memory Reset keeps.
const keptFields = 64

// A Parser reads a head. Its Head is what it has read. Call Reset before each head, also the first.
type Parser struct {
	Head
	err     *Error // what ended the parsing
	length  int    // of the head, once it is whole
	scanned int    // up to here there is no other end of a line
	line    int    // where the next line begins
	seen    seen
}

// seen is what decides about a head at its end, when all fields are known.
type seen struct {
	major, minor          byte // of the version, as characters
	hosts, codings, sizes int  // how many fields Host, Transfer-Encoding and Content-Length there are
	badHost, badCoding    bool
	badSize, badName      bool
	expects               bool
	connect, pri          bool // the method is CONNECT, the line that of HTTP/2's preface
}

// Reset makes the parser ready for the next head. What Head held is gone.
func (p *Parser) Reset() {
	fields := p.Fields[:0]
	if cap(fields) > keptFields {
		fields = nil
	}
	*p = Parser{Head: Head{Fields: fields, ContentLength: -1}}
}

// Parse reads a head at the beginning of b, which holds all bytes since the head's first one; the caller keeps and extends them
// between calls. Parse borrows b. It returns the head's length with the blank line, or 0 if the head is not whole yet.
//
// It goes on where the last call stopped: bytes that come one at a time cost a time that is linear. limit is the most bytes that a head
// may have. err is nil or an [*Error], and the same from then on.
func (p *Parser) Parse(b []byte, limit int) (n int, err error) {
	if p.err == nil && p.length == 0 {
		p.err = p.lines(b, min(limit, math.MaxInt32))
	}
	if p.err != nil {
		return 0, p.err
	}
	return p.length, nil
}

// lines reads all lines that are whole.
func (p *Parser) lines(b []byte, limit int) *Error {
	// What is behind the limit does not count, so that it does not matter in which pieces the bytes come.
	b = b[:min(len(b), max(limit, 0))]
	for {
		i := bytes.IndexByte(b[p.scanned:], '\n')
		if i < 0 {
			p.scanned = len(b)
			if len(b) >= limit {
				return errTooLarge
			}
			return nil
		}
		start, end := p.line, p.scanned+i-1
		p.line, p.scanned = end+2, end+2
		if end < start || b[end] != '\r' {
			return errBareLF
		}
		var err *Error
		switch start {
		case 0:
			err = p.requestLine(b[:end])
		case end:
			p.length = end + 2
			return p.finish(b)
		default:
			err = p.field(b, start, end)
		}
		if err != nil {
			return err
		}
	}
}

// finish decides about the whole head. The order is net/http's, because the first fault decides the status. The checks
// of this package alone stand where net/http would come to read the field.
func (p *Parser) finish(b []byte) *Error {
	s := &p.seen
	unsupported := s.major != '1' && !s.pri
	since11 := s.major > '1' || s.major == '1' && s.minor > '0'
	switch {
	case s.hosts > 1:
		return errTwoHosts
	case s.codings > 0 && s.major == '1' && s.minor == '0':
		return errCodingIn10
	case s.codings > 1 && since11, s.badCoding && since11:
		return errCoding
	case s.badSize:
		return errLength
	case s.sizes > 1:
		return errTwoLengths
	case p.Chunked && s.sizes > 0:
		return errBoth
	case p.Chunked && p.HasTrailer && p.badTrailer(b):
		return errTrailerName
	case unsupported:
		return errUnsupported
	case since11 && !p.HasHost && !s.connect && (!s.pri || len(p.Fields) > 0):
		return errNoHost
	case s.badHost:
		return errHost
	case s.badName:
		return errSpaceInName
	case s.major != '1' || s.minor > '1':
		return errNewer
	}
	return nil
}
