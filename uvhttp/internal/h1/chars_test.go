package h1

import (
	"bytes"
	"testing"
)

func TestEveryByteOfAValueCounts(t *testing.T) {
	for length := range 40 {
		for at := range length {
			for c := range 256 {
				b := bytes.Repeat([]byte{'a'}, length)
				b[at] = byte(c)
				want := c >= 0x20 && c != 0x7f || c == '\t'
				if validValue(b) != want {
					t.Fatalf("byte %#x at %d of %d: valid is %t", c, at, length, !want)
				}
			}
		}
	}
}
