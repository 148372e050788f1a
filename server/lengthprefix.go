package server

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/uvgo/uvgo/uv"
)

// A LengthPrefix finds frames that follow their length: Frames(LengthPrefix{Bytes: 4}.Split,
// max, h). The zero value is for protobuf's delimited messages: the length is an unsigned
// varint.
type LengthPrefix struct {
	// Bytes is how many bytes the length has, 1 to 8. 0 means an unsigned varint, as
	// encoding/binary's, of at most ten bytes.
	Bytes int
	// Little is for a length whose first byte is the lowest. Otherwise the first is the
	// highest, as networks have it. A varint has its own order.
	Little bool
	// Inclusive is for a length that counts its own bytes, too.
	Inclusive bool
	// Keep hands out frames with their length.
	Keep bool
}

var (
	errLengthRange = errors.New("a length that no memory can hold")
	errLengthShort = errors.New("a length that should count its own bytes, and is less than they are")
	errVarint      = errors.New("a length whose varint has more than 64 bits")
)

// Split is a bufio.SplitFunc. An empty frame is not nil. EINVAL if Bytes is not 0 to 8. At
// the end io.ErrUnexpectedEOF if a frame is not complete.
func (l LengthPrefix) Split(data []byte, atEOF bool) (advance int, token []byte, err error) {
	length, n, err := l.length(data)
	if err != nil {
		return 0, nil, err
	}
	if l.Inclusive && n > 0 {
		if length < uint64(n) {
			return 0, nil, errLengthShort
		}
		length -= uint64(n)
	}
	switch {
	case length > math.MaxInt-10: // so that the sum below is an int
		return 0, nil, errLengthRange
	case n > 0 && uint64(len(data)-n) >= length:
		end := n + int(length)
		if l.Keep {
			n = 0
		}
		return end, data[n:end:end], nil
	case atEOF && len(data) > 0:
		return 0, nil, io.ErrUnexpectedEOF
	}
	return 0, nil, nil
}

// length returns the length at the beginning of data, and how many bytes it takes: 0 if they
// are not all there.
func (l LengthPrefix) length(data []byte) (length uint64, n int, err error) {
	switch {
	case l.Bytes < 0 || l.Bytes > 8:
		return 0, 0, fmt.Errorf("server: LengthPrefix.Bytes is %d, not 0 to 8: %w", l.Bytes, uv.EINVAL)
	case l.Bytes == 0:
		if length, n = binary.Uvarint(data); n < 0 {
			return 0, 0, errVarint
		}
		return length, n, nil
	case len(data) < l.Bytes:
		return 0, 0, nil
	}
	for i, b := range data[:l.Bytes] {
		if l.Little {
			length |= uint64(b) << (8 * i)
		} else {
			length = length<<8 | uint64(b)
		}
	}
	return length, l.Bytes, nil
}
