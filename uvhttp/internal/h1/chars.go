package h1

import "encoding/binary"

// What a byte may be part of.
const (
	isToken  = 1 << iota // a method, or a field's name
	isTarget             // a target, but for "%"
	isValue              // a field's value
	isHost               // the value of Host
	isHex                // a chunk's size, or what follows "%"
)

// chars tells for each byte what it may be part of.
var chars = makeChars()

func makeChars() (t [256]uint8) {
	set := func(bytes string, flag uint8) {
		for _, c := range []byte(bytes) {
			t[c] |= flag
		}
	}
	const digits = "0123456789"
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	set(digits+letters+"!#$%&'*+-.^_`|~", isToken)
	set(digits+letters+"-._~!$&'()*+,;=:[]%", isHost)
	set(digits+"abcdefABCDEF", isHex)
	set(" \t", isValue)
	for c := 0x21; c <= 0xff; c++ {
		if c != 0x7f {
			t[c] |= isValue | isTarget
		}
	}
	t['%'] &^= isTarget
	return t
}

// all tells whether all bytes have a flag.
func all(b []byte, flag uint8) bool {
	for _, c := range b {
		if chars[c]&flag == 0 {
			return false
		}
	}
	return true
}

// validValue tells whether all bytes may be in a value. It looks at eight bytes at a time: those below 0x20 and 0x7f leave
// a high bit, and then the table decides, because a tab is allowed.
func validValue(b []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for len(b) >= 8 {
		x := binary.LittleEndian.Uint64(b)
		if ((x-0x20*ones)|((x^0x7f*ones)-ones))&^x&highs != 0 && !all(b[:8], isValue) {
			return false
		}
		b = b[8:]
	}
	return all(b, isValue)
}

// lower returns a letter in lower case. Other bytes may change, too, but only those that are no letters' lower case come out.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c |= 0x20
	}
	return c
}

// equalFold tells whether b is a word, which has lower case, in any case. Both are equally long.
func equalFold(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i, c := range b {
		if lower(c) != word[i] {
			return false
		}
	}
	return true
}

// trim returns the part of b from i to end without the whitespace around it.
func trim(b []byte, i, end int) (start, stop int) {
	for i < end && isSpace(b[i]) {
		i++
	}
	for i < end && isSpace(b[end-1]) {
		end--
	}
	return i, end
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }
