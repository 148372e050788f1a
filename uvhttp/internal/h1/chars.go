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

// validValue tells whether all bytes may be in a value. It looks at eight bytes at a time, and at the last eight once more if there is
// a rest: most values are longer than eight bytes.
func validValue(b []byte) bool {
	if len(b) < 8 {
		return all(b, isValue)
	}
	for i := 0; i+8 < len(b); i += 8 {
		if !validWord(b[i : i+8]) {
			return false
		}
	}
	return validWord(b[len(b)-8:])
}

// validWord tells it of eight bytes. Those below 0x20 and 0x7f leave a high bit; then the table decides, because a tab is allowed.
func validWord(b []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	x := binary.LittleEndian.Uint64(b)
	return ((x-0x20*ones)|((x^0x7f*ones)-ones))&^x&highs == 0 || all(b, isValue)
}

// lower returns a letter in lower case, and other bytes as they are.
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

// trim returns where b begins and ends without the whitespace around it.
func trim(b []byte) (from, to int) {
	from, to = 0, len(b)
	for from < to && isSpace(b[from]) {
		from++
	}
	for to > from && isSpace(b[to-1]) {
		to--
	}
	return from, to
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }
