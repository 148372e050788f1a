package h1

import "bytes"

const (
	// maxChunkLine is the most bytes of the line of a chunk's size, without CRLF. The buffer of net/http holds 4,096 with it.
	maxChunkLine = 4094
	// maxExcess is how many bytes more than maxOverhead(data) a body may have beside its data.
	maxExcess = 16 << 10
	// maxDigits of a chunk's size, also if they are zeros.
	maxDigits = 16
)

// chunkState is where in a chunked body the next byte is.
//
//	size ──▶ extension ──▶ sizeLF ─┬─▶ data ──▶ dataCR ──▶ dataLF ──▶ size
//	  └──────────────────────▲     └─▶ trailer ──▶ done                 (size 0)
type chunkState uint8

const (
	inSize chunkState = iota
	inExtension
	inSizeLF
	inData
	inDataCR
	inDataLF
	inTrailer
	isDone
)

// Chunked decodes a chunked body. The zero value is ready.
type Chunked struct {
	state   chunkState
	ext     extension
	digits  uint8  // of the size so far
	size    uint64 // of the chunk; in inData what is left of it
	line    int    // the bytes of the size's line so far
	excess  int64  // see overhead
	err     *Error
	trailer *trailer // nil as long as there is none
}

// Reset makes the decoder ready for the next body.
func (d *Chunked) Reset() { *d = Chunked{} }

// Next takes the next piece of b. data is a part of b that belongs to the body, and may be empty. used is how much of b is done with,
// framing included. done tells that the last chunk and the trailer section have been read; what is behind them is the next request's.
//
// The decoder keeps no bytes, and needs none again: call Next with b[used:] until b is used up, done, or there is an error. err is nil or an [*Error], and the same from then on.
func (d *Chunked) Next(b []byte) (data []byte, used int, done bool, err error) {
	for d.err == nil && used < len(b) && d.state != isDone {
		switch d.state {
		case inData:
			if data != nil {
				return data, used, false, nil
			}
			n := int(min(d.size, uint64(len(b)-used)))
			data = b[used : used+n : used+n]
			used += n
			if d.size -= uint64(n); d.size == 0 {
				d.state = inDataCR
			}
		case inTrailer:
			used += d.takeTrailer(b[used:])
		default:
			if d.err = d.framing(b[used]); d.err == nil {
				used++
			}
		}
	}
	// Data before a fault is handed out first. There are bytes left then, so that Next is called again.
	if d.err != nil && data == nil {
		return nil, used, false, d.err
	}
	return data, used, d.state == isDone, nil
}

// framing takes a byte that is neither data nor the trailer section's.
func (d *Chunked) framing(c byte) *Error {
	switch d.state {
	case inSize:
		return d.sizeByte(c)
	case inExtension:
		return d.extensionByte(c)
	case inSizeLF:
		if c != '\n' {
			return errChunkLine
		}
		return d.begin()
	case inDataCR:
		if c != '\r' {
			return errChunkEnd
		}
		d.state = inDataLF
	case inDataLF:
		if c != '\n' {
			return errChunkEnd
		}
		d.state, d.size, d.digits, d.line = inSize, 0, 0, 0
	}
	return nil
}

// sizeByte takes a digit, or what ends the digits.
func (d *Chunked) sizeByte(c byte) *Error {
	d.line++
	if chars[c]&isHex != 0 {
		if d.digits == maxDigits || d.size >= 1<<58 {
			return errChunkOverflow
		}
		d.digits++
		d.size = d.size<<4 | uint64(hexValue(c))
		return nil
	}
	switch {
	case d.digits == 0:
		return errChunkSize
	case c == '\r':
		d.line--
		d.state = inSizeLF
	case c == ';':
		d.state, d.ext = inExtension, beforeName
	case isSpace(c):
		return errChunkSpace
	case c == '\n':
		return errChunkLine
	default:
		return errChunkSize
	}
	return nil
}

// extensionByte takes a byte behind the first ";".
func (d *Chunked) extensionByte(c byte) *Error {
	if c == '\r' && d.ext.mayEnd() {
		d.state = inSizeLF
		return nil
	}
	if d.line++; d.line > maxChunkLine {
		return errChunkLong
	}
	if d.ext = d.ext.next(c); d.ext == badExtension {
		return errExtension
	}
	return nil
}

// begin begins a chunk whose line has ended.
//
// Chunks of one byte are legitimate, and so are extensions. But a client that sends far more framing than data keeps us busy for nothing. As with net/http
// a chunk may have 16 bytes beside its data and twice as many as its data; what is more adds up.
func (d *Chunked) begin() *Error {
	const plenty = 1 << 32 // of data: makes up for everything
	if d.excess += int64(d.line) + 2; d.size >= plenty {
		d.excess = 0
	} else {
		d.excess = max(d.excess-16-2*int64(d.size), 0)
	}
	if d.excess > maxExcess {
		return errChunkExcess
	}
	d.state = inData
	if d.size == 0 {
		d.state = inTrailer
	}
	return nil
}

// takeTrailer takes bytes of the trailer section. It returns how many.
func (d *Chunked) takeTrailer(b []byte) int {
	if d.trailer == nil {
		if bytes.HasPrefix(b, []byte("\r\n")) { // nearly always
			d.state = isDone
			return 2
		}
		d.trailer = new(trailer)
	}
	used, done, err := d.trailer.take(b)
	switch {
	case err != nil:
		d.err = err
	case done:
		d.state = isDone
	}
	return used
}

// Trailer returns the fields of the trailer section, once Next has said done. It is nil if there are none.
func (d *Chunked) Trailer() []TrailerField {
	if d.state != isDone || d.trailer == nil {
		return nil
	}
	return d.trailer.fields
}

// hexValue returns the value of a hexadecimal digit.
func hexValue(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
