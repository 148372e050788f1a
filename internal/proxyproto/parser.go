package proxyproto

// A Parser collects a header that arrives in pieces. The zero value is ready. A header that
// arrives whole is not copied.
type Parser struct {
	buf []byte
	arr [fixed2 + 2*unixName]byte // holds every header without TLVs
}

// Feed takes the next bytes that have arrived. As long as the header is incomplete the error
// is ErrShort, and p has been taken. With a nil error rest is what follows the header in p. With
// ErrNone rest is all that has arrived so far. h.TLVs and rest are borrowed from p or the Parser.
// Other errors match ErrMalformed. After any result but ErrShort the Parser is done.
func (f *Parser) Feed(p []byte) (h Header, rest []byte, err error) {
	if len(f.buf) == 0 {
		if h, err = Parse(p); err == nil {
			return h, p[h.Size:], nil
		}
		if err == ErrNone {
			return Header{}, p, ErrNone
		}
	}
	if f.buf == nil {
		f.buf = f.arr[:0]
	}
	had := len(f.buf)
	f.buf = append(f.buf, p[:min(len(p), MaxSize-had)]...) // a header is at most MaxSize
	h, err = Parse(f.buf)
	switch err {
	case nil:
		return h, p[h.Size-had:], nil
	case ErrNone:
		f.buf = append(f.buf[:had], p...)
		return Header{}, f.buf, ErrNone
	}
	return Header{}, nil, err
}

// Pending returns what has been taken so far, for the case that nothing more arrives. It is
// borrowed from the Parser.
func (f *Parser) Pending() []byte { return f.buf }
