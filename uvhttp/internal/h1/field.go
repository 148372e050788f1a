package h1

import (
	"bytes"
	"math"
)

// field reads the line of a field, from start to end without the line's end.
func (p *Parser) field(b []byte, start, end int) *Error {
	f, err := splitField(b[start:end], start)
	if err == errSpaceInName {
		p.seen.badName = true // net/http reads on, and other faults go first
		return nil
	}
	if err != nil {
		return err
	}
	p.Fields = append(p.Fields, f)
	name := f.Name.Of(b)
	// Most fields are none of these: the length and a letter tell.
	switch c := name[0] | 0x20; len(name) {
	case len("host"):
		if c == 'h' && equalFold(name, "host") {
			p.host(f.Value, b)
		}
	case len("expect"):
		if c == 'e' && equalFold(name, "expect") {
			p.expect(f.Value.Of(b))
		}
	case len("trailer"):
		if c == 't' && equalFold(name, "trailer") {
			p.HasTrailer = true
		}
	case len("connection"):
		if c == 'c' && equalFold(name, "connection") {
			p.connection(f.Value.Of(b))
		}
	case len("content-length"):
		if c == 'c' && equalFold(name, "content-length") {
			p.contentLength(f.Value.Of(b))
		}
	case len("transfer-encoding"):
		if c == 't' && equalFold(name, "transfer-encoding") {
			p.transferEncoding(f.Value.Of(b))
		}
	}
	return nil
}

// splitField splits a line at the colon and checks both parts. The spans count from at, which is where the line begins. It returns
// errSpaceInName for a name that would be one without its spaces, if the value is valid.
func splitField(line []byte, at int) (f Field, err *Error) {
	colon := len(line)
	for i, c := range line {
		if chars[c]&isToken == 0 {
			colon = i
			break
		}
	}
	switch {
	case colon == len(line):
		return f, errNoColon
	case line[colon] == ':' && colon > 0:
	case colon == 0 && isSpace(line[0]):
		return f, errFold
	default:
		if colon = spacedName(line); colon < 0 {
			return f, errName
		}
		err = errSpaceInName
	}
	value := line[colon+1:]
	if !validValue(value) {
		return f, errValue
	}
	from, to := trim(value)
	v := at + colon + 1
	return Field{Span{int32(at), int32(at + colon)}, Span{int32(v + from), int32(v + to)}}, err
}

// spacedName returns where the colon is behind a name of tokens and spaces, which do not come first, or -1.
func spacedName(line []byte) int {
	for i, c := range line {
		switch {
		case c == ' ' && i > 0, chars[c]&isToken != 0:
		case c == ':' && i > 0:
			return i
		default:
			return -1
		}
	}
	return -1
}

func (p *Parser) host(v Span, b []byte) {
	p.seen.hosts++
	p.HasHost, p.Host = true, v
	p.seen.badHost = !all(v.Of(b), isHost)
}

func (p *Parser) transferEncoding(v []byte) {
	p.seen.codings++
	p.Chunked = equalFold(v, "chunked")
	p.seen.badCoding = !p.Chunked
}

// contentLength reads digits, and nothing else.
func (p *Parser) contentLength(v []byte) {
	p.seen.sizes++
	var n uint64
	for _, c := range v {
		if !isDigit(c) || n > math.MaxInt64/10 {
			p.seen.badSize = true
			return
		}
		n = n*10 + uint64(c-'0')
	}
	if len(v) == 0 || n > math.MaxInt64 {
		p.seen.badSize = true
		return
	}
	p.ContentLength = int64(n)
}

// connection reads a list. An element is keep-alive or upgrade as a whole; close may also stand between spaces.
func (p *Parser) connection(v []byte) {
	for len(v) > 0 {
		element := v
		if i := bytes.IndexByte(v, ','); i >= 0 {
			element, v = v[:i], v[i+1:]
		} else {
			v = nil
		}
		from, to := trim(element)
		element = element[from:to]
		switch {
		case equalFold(element, "keep-alive"):
			p.KeepAlive = true
		case equalFold(element, "upgrade"):
			p.Upgrade = true
		case hasWord(element, "close"):
			p.Close = true
		}
	}
}

// expect looks at the first field only, as net/http does.
func (p *Parser) expect(v []byte) {
	switch {
	case p.seen.expects:
	case hasWord(v, "100-continue"):
		p.Expect = Expect100
	case len(v) > 0:
		p.Expect = ExpectOther
	}
	p.seen.expects = true
}

// hasWord tells whether a word, which has lower case, stands in v between spaces, commas or the ends.
func hasWord(v []byte, word string) bool {
	for i := 0; i < len(v); {
		end := i
		for end < len(v) && !isSpace(v[end]) && v[end] != ',' {
			end++
		}
		if equalFold(v[i:end], word) {
			return true
		}
		i = end + 1
	}
	return false
}

// badTrailer tells whether a field Trailer announces one of the fields that decide where the body ends.
func (p *Parser) badTrailer(b []byte) bool {
	for _, f := range p.Fields {
		if !equalFold(f.Name.Of(b), "trailer") {
			continue
		}
		for name := range bytes.SplitSeq(f.Value.Of(b), []byte{','}) {
			from, to := trim(name)
			if isFraming(name[from:to]) {
				return true
			}
		}
	}
	return false
}

// isFraming tells whether a name is that of a field that no trailer may announce.
func isFraming(name []byte) bool {
	return equalFold(name, "content-length") || equalFold(name, "transfer-encoding") || equalFold(name, "trailer")
}
