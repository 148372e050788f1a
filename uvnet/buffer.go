package uvnet

import "sync"

// readAhead is how many bytes a connection holds that nobody has read yet before the loop
// stops reading. What one turn brings, up to four chunks of 64 KiB, may come on top.
const readAhead = 64 << 10

// A buffer holds bytes in order. A connection has one only while there are bytes in it.
type buffer struct {
	b   []byte
	off int
}

// classes are the sizes of pooled buffers. A larger buffer is not pooled.
var classes = [...]int{2 << 10, 16 << 10, 32 << 10, 128 << 10}

var pools [len(classes)]sync.Pool

// newBuffer returns an empty buffer with a capacity of at least n bytes.
func newBuffer(n int) *buffer {
	for i, size := range classes {
		if n <= size {
			if b, ok := pools[i].Get().(*buffer); ok {
				return b
			}
			return &buffer{b: make([]byte, 0, size)}
		}
	}
	return &buffer{b: make([]byte, 0, n)}
}

// free returns the buffer to its pool.
func (b *buffer) free() {
	b.b, b.off = b.b[:0], 0
	for i, size := range classes {
		if cap(b.b) == size {
			pools[i].Put(b)
			return
		}
	}
}

func (b *buffer) len() int {
	if b == nil {
		return 0
	}
	return len(b.b) - b.off
}

// add appends p and returns the buffer that holds all of it then.
func (b *buffer) add(p []byte) *buffer {
	if b == nil {
		b = newBuffer(len(p))
	} else if len(b.b)+len(p) > cap(b.b) {
		more := newBuffer(b.len() + len(p))
		more.b = append(more.b, b.b[b.off:]...)
		b.free()
		b = more
	}
	b.b = append(b.b, p...)
	return b
}

// moveTo moves bytes to p and returns what then holds the rest: nil if nothing
// does.
func (b *buffer) moveTo(p []byte) (int, *buffer) {
	n := copy(p, b.b[b.off:])
	if b.off += n; b.off == len(b.b) {
		b.free()
		b = nil
	}
	return n, b
}
