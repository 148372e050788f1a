package main

import (
	"bytes"
	"fmt"
)

// Lines are so long, with their newline, and so many in a write.
const (
	lineSize   = 64
	linesWrite = 16
)

// lines sends 16 lines at once. The server sends back those that begin with an exclamation
// mark: the last one, or all of them.
type lines struct {
	out    []byte
	last   []byte // line of out
	want   []byte // part of out
	got    int
	number uint32
}

func newLines(_, id int) (exchange, error) {
	l := makeLines(id)
	l.want = l.last
	return l, nil
}

func newEachLine(_, id int) (exchange, error) {
	l := makeLines(id)
	l.want = l.out
	for i := range linesWrite {
		l.out[i*lineSize] = '!'
	}
	return l, nil
}

func makeLines(id int) *lines {
	l := &lines{out: bytes.Repeat([]byte{'x'}, lineSize*linesWrite), number: uint32(id) << 16}
	for i := range linesWrite {
		l.out[(i+1)*lineSize-1] = '\n'
	}
	l.last = l.out[len(l.out)-lineSize:]
	l.last[0] = '!'
	return l
}

func (l *lines) request() []byte {
	const digits = "0123456789abcdef"
	l.number++
	for i := range 8 {
		l.last[1+i] = digits[l.number>>(4*i)&15]
	}
	l.got = 0
	return l.out
}

func (l *lines) reply(p []byte) (done bool, err error) {
	if len(p) > len(l.want)-l.got || !bytes.Equal(p, l.want[l.got:l.got+len(p)]) {
		return false, fmt.Errorf("%q came, behind %d bytes of the reply", p, l.got)
	}
	l.got += len(p)
	return l.got == len(l.want), nil
}
