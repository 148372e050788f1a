package main

import (
	"bytes"
	"math/rand/v2"
)

// stampSize is how many bytes of a message identify its connection and number.
const stampSize = 16

// shifts is the number of places in the pattern where a message's body may begin. It is
// a prime, so that messages with adjacent numbers or connections have different bodies.
const shifts = 4093

// messages makes and checks the messages of one size. A message begins with a stamp of
// its connection and its number. Its body is a piece of one random pattern; the
// connection and the number choose the piece. So check finds bytes that are changed,
// lost, doubled or of another message, and only compares memory.
type messages struct {
	size    int
	pattern []byte // what bodies are pieces of
	stamp   [stampSize]byte
	whole   []byte // the message that make returned
}

// newMessages makes the pattern, the same in every run.
func newMessages(size int) *messages {
	m := &messages{size: size, whole: make([]byte, size)}
	m.pattern = make([]byte, max(size-stampSize, 0)+shifts)
	_, _ = rand.NewChaCha8([32]byte{'u', 'v', 'g', 'o'}).Read(m.pattern) // never fails
	return m
}

// make returns a message, valid until the next call.
func (m *messages) make(conn, number uint64) []byte {
	m.setStamp(conn, number)
	n := copy(m.whole, m.stamp[:])
	copy(m.whole[n:], m.body(conn, number))
	return m.whole
}

// check compares p with the message from byte at on. It returns the index in the
// message of the first byte that differs, or -1.
func (m *messages) check(p []byte, at int, conn, number uint64) int {
	if at < stampSize {
		m.setStamp(conn, number)
		want := m.stamp[at:min(stampSize, m.size)]
		if i := difference(p[:min(len(p), len(want))], want); i >= 0 {
			return at + i
		}
		if len(p) <= len(want) {
			return -1
		}
		p, at = p[len(want):], stampSize
	}
	if i := difference(p, m.body(conn, number)[at-stampSize:]); i >= 0 {
		return at + i
	}
	return -1
}

// setStamp writes the bytes of the connection and of the number alternately, the low
// bytes first. So even a message of two bytes carries something of both.
func (m *messages) setStamp(conn, number uint64) {
	for i := range stampSize / 2 {
		m.stamp[2*i] = byte(number >> (8 * i))
		m.stamp[2*i+1] = byte(conn >> (8 * i))
	}
}

// body returns the piece of the pattern that follows the stamp.
func (m *messages) body(conn, number uint64) []byte {
	at := (conn*2654435761 + number) % shifts
	return m.pattern[at : at+uint64(max(m.size-stampSize, 0))]
}

// difference returns the index of the first byte in which p differs from want, or -1.
func difference(p, want []byte) int {
	want = want[:len(p)]
	if bytes.Equal(p, want) {
		return -1
	}
	i := 0
	for p[i] == want[i] {
		i++
	}
	return i
}
