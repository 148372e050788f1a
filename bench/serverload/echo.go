package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// echoSize is the size of a message that is echoed.
const echoSize = 1 << 10

// echo sends messages that the server sends back.
type echo struct {
	message []byte
	got     int // bytes of the echo
	number  uint64
	id      int
}

func newEcho(_, id int) (exchange, error) {
	return &echo{id: id, message: make([]byte, echoSize)}, nil
}

func (e *echo) request() []byte {
	e.number++
	e.got = 0
	binary.BigEndian.PutUint64(e.message, e.number)
	binary.BigEndian.PutUint64(e.message[echoSize-8:], e.number<<16|uint64(e.id))
	return e.message
}

func (e *echo) reply(p []byte) (done bool, err error) {
	if len(p) > echoSize-e.got || !bytes.Equal(p, e.message[e.got:e.got+len(p)]) {
		return false, fmt.Errorf("%d wrong bytes came, behind %d right ones", len(p), e.got)
	}
	e.got += len(p)
	return e.got == echoSize, nil
}
