package soak

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// frameHead is what stands in front of each payload: its length and its checksum.
const frameHead = 8

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frame returns a payload with its head.
func frame(payload []byte) []byte {
	b := make([]byte, frameHead, frameHead+len(payload))
	binary.LittleEndian.PutUint32(b, uint32(len(payload)))
	binary.LittleEndian.PutUint32(b[4:], crc32.Checksum(payload, castagnoli))
	return append(b, payload...)
}

// A reader takes frames out of a stream of bytes, and checks them.
type reader struct {
	buf    bytes.Buffer
	frames int
	bytes  int // payload of whole frames
}

// maxFrame is more than any payload: a longer one is a damaged head.
const maxFrame = 8 << 20

// feed takes the stream's next bytes.
func (r *reader) feed(p []byte) error {
	r.buf.Write(p)
	for {
		b := r.buf.Bytes()
		if len(b) < frameHead {
			return nil
		}
		n := int(binary.LittleEndian.Uint32(b))
		if n > maxFrame {
			return fmt.Errorf("frame %d has a head of %d bytes: damaged", r.frames, n)
		}
		if len(b) < frameHead+n {
			return nil
		}
		if sum := crc32.Checksum(b[frameHead:frameHead+n], castagnoli); sum != binary.LittleEndian.Uint32(b[4:]) {
			return fmt.Errorf("frame %d of %d bytes has the checksum %08x, want %08x", r.frames, n, sum, binary.LittleEndian.Uint32(b[4:]))
		}
		r.buf.Next(frameHead + n)
		r.frames++
		r.bytes += n
	}
}

// rest is how many bytes of a frame that is not whole have come.
func (r *reader) rest() int { return r.buf.Len() }
