package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A talk is what a client asks, and how it understands the answers. Several messages may be under way, whose answers
// come in their order. It belongs to the client's loop.
type talk interface {
	// ask returns the next message, valid until the next call.
	ask() []byte
	// hear takes bytes of the answer that is due. It returns how many belong to it and whether they are its end.
	hear(p []byte) (n int, whole bool, err error)
	// ended tells what the end of the connection means, if an answer is due: its end (nil), or an error.
	ended() error
	// lasts tells whether the connection carries another message, after a whole answer.
	lasts() bool
	// fresh tells whether nothing has come of the answer that is due.
	fresh() bool
	// count counts the answer that has ended.
	count()
	// due describes what has come of the answer that is due.
	due() string
}

// An echoTalk sends messages that are to come back as they are.
type echoTalk struct {
	messages *messages
	plain    bool   // without TLS
	number   uint64 // of the connection
	message  uint64 // number of the message that is under way
	received int    // bytes of that message that have come back
}

var _ talk = (*echoTalk)(nil)

func (e *echoTalk) ask() []byte {
	e.message++
	e.received = 0
	return e.messages.make(e.number, e.message)
}

// hear compares the bytes that came back with the message.
func (e *echoTalk) hear(p []byte) (int, bool, error) {
	m := e.messages
	if e.plain && e.message == 1 && e.received == 0 && speaksTLS(p) && m.check(p[:min(len(p), m.size)], 0, e.number, 1) >= 0 {
		return 0, false, errAlert
	}
	n := min(len(p), m.size-e.received)
	if i := m.check(p[:n], e.received, e.number, e.message); i >= 0 {
		return 0, false, fmt.Errorf("%w: connection %d, message %d, byte %d", errChanged, e.number, e.message, i)
	}
	if e.received += n; n < len(p) {
		return 0, false, errSurplus
	}
	return n, e.received == m.size, nil
}

func (e *echoTalk) ended() error { return errEnded }
func (e *echoTalk) lasts() bool  { return true }
func (e *echoTalk) count()       {}
func (e *echoTalk) fresh() bool  { return false } // a connection that ends is an error, and not replaced

func (e *echoTalk) due() string {
	return fmt.Sprintf("message %d, %d of %d bytes", e.message, e.received, e.messages.size)
}

// Errors of answers.
var (
	errAnswer = errors.New("what came back is no answer of HTTP/1")
	errChunk  = errors.New("an answer has a chunk that is none")
	errHead   = errors.New("an answer's head has more than 64 KiB")
	errShort  = errors.New("an answer ended early")
)

// A webTalk sends one HTTP request again and again.
type webTalk struct {
	request  []byte
	plain    bool      // without TLS
	statuses *statuses // of all connections of the loop
	answer   answer
}

var _ talk = (*webTalk)(nil)

func (w *webTalk) ask() []byte { return w.request }

func (w *webTalk) hear(p []byte) (int, bool, error) {
	n, err := w.answer.hear(p)
	if err == errAnswer && w.plain && speaksTLS(p) {
		err = errAlert
	}
	return n, err == nil && w.answer.whole(), err
}

// ended ends an answer without a length.
func (w *webTalk) ended() error {
	switch {
	case w.answer.state == untilEnd:
		w.answer.state = atEnd
		return nil
	case w.fresh():
		return errEnded
	}
	return errShort
}

func (w *webTalk) lasts() bool { return !w.answer.last }
func (w *webTalk) count()      { w.statuses[w.answer.status]++ }
func (w *webTalk) fresh() bool { return w.answer.fresh() }
func (w *webTalk) due() string { return w.answer.due() }

// statuses counts answers by their status.
type statuses [1000]uint64

// failures returns how many answers have a status of 400 or more.
func (s *statuses) failures() (n uint64) {
	for _, of := range s[400:] {
		n += of
	}
	return n
}

// String lists the statuses that there were.
func (s statuses) String() string {
	var parts []string
	for status, n := range s {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s × %d", count(n), status))
		}
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// json returns the statuses that there were as an object's members.
func (s *statuses) json() map[string]uint64 {
	of := make(map[string]uint64)
	for status, n := range s {
		if n > 0 {
			of[strconv.Itoa(status)] = n
		}
	}
	return of
}
