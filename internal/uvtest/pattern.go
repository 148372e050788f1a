//go:build unix

package uvtest

// Pattern returns n bytes that differ from place to place, so that a comparison finds a
// piece that is lost, repeated or moved. Each seed gives other bytes.
func Pattern(n int, seed uint32) []byte {
	p := make([]byte, n)
	x := seed*2654435761 + 1
	for i := range p {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		p[i] = byte(x >> 11)
	}
	return p
}
