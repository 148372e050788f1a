package main

import (
	"bytes"
	"testing"
)

// whole checks a message that arrived in pieces of n bytes.
func whole(m *messages, p []byte, n int, conn, number uint64) int {
	for at := 0; at < len(p); at += n {
		if i := m.check(p[at:min(at+n, len(p))], at, conn, number); i >= 0 {
			return i
		}
	}
	return -1
}

func TestMessageIsItself(t *testing.T) {
	for _, size := range []int{1, 2, 15, 16, 17, 64, 5000} {
		m := newMessages(size)
		for _, n := range []int{1, 7, 16, 4096, size} {
			p := bytes.Clone(m.make(70000, 1<<40))
			if i := whole(m, p, n, 70000, 1<<40); i != -1 || len(p) != size {
				t.Errorf("%d bytes in pieces of %d differ at %d", len(p), n, i)
			}
		}
	}
}

func TestMessageChangeIsFoundWhereItIs(t *testing.T) {
	const size = 300
	m := newMessages(size)
	for at := range size {
		p := bytes.Clone(m.make(3, 4))
		p[at] ^= 1
		for _, n := range []int{1, 10, size} {
			if i := whole(m, p, n, 3, 4); i != at {
				t.Fatalf("byte %d was changed, %d is reported", at, i)
			}
		}
	}
}

func TestMessagesDiffer(t *testing.T) {
	for _, size := range []int{2, 64, 1000} {
		m := newMessages(size)
		for _, other := range [][2]uint64{{9, 6}, {8, 5}, {5, 9}} {
			p := bytes.Clone(m.make(other[0], other[1]))
			if i := whole(m, p, size, 9, 5); i < 0 {
				t.Errorf("of %d bytes, message %v passes for {9 5}", size, other)
			}
		}
	}
}

func TestMessageBodiesDiffer(t *testing.T) {
	m := newMessages(200)
	seen := make(map[string]bool)
	for conn := range uint64(30) {
		for number := range uint64(30) {
			seen[string(m.body(conn, number))] = true
		}
	}
	if len(seen) < 700 { // there are 4093 bodies for 900 messages
		t.Errorf("900 messages have %d bodies", len(seen))
	}
}
