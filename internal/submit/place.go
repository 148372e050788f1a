package submit

import "github.com/uvgo/uvgo/cuv"

// smallWrite is the size up to which copying bytes is cheaper than pinning them.
const smallWrite = 4 << 10

// A form is how the bytes of a write reach C.
type form uint8

const (
	copied form = iota // one buffer, to the output arena; or it lies in the read arena, and stays there
	joined             // several small buffers, to the output arena as one
	lent               // where they are, pinned
)

// place decides the form of a write of bufs, and pins the buffers if they are lent. Bytes
// that a read callback borrowed cannot be lent: alone they are sent in this turn, with
// others they are copied. More buffers than vectorMax are copied into one, which is lent.
// total is in bytes.
func place(ring *cuv.Loop, pins *Pins, bufs [][]byte, vectorMax int) (how form, placed [][]byte, total int) {
	borrowed := false
	for _, p := range bufs {
		total += len(p)
		borrowed = borrowed || ring.InArena(p)
	}
	one := len(bufs) == 1
	switch {
	case one && (borrowed || total <= smallWrite):
		return copied, bufs, total
	case !one && total <= smallWrite:
		return joined, bufs, total
	case !one && (borrowed || len(bufs) > vectorMax):
		all := make([]byte, 0, total)
		for _, p := range bufs {
			all = append(all, p...)
		}
		bufs = [][]byte{all}
	}
	for _, p := range bufs {
		pins.Pin(p)
	}
	return lent, bufs, total
}
