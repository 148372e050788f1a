package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
)

// maxHead is how long an answer's head may be.
const maxHead = 64 << 10

// An answerState is where in an answer the next byte is.
//
//	inHead ─┬─▶ inBody ──────────────────────────────▶ atEnd ─▶ inHead, of the next answer
//	        ├─▶ inSize ─▶ inExtension ─▶ inChunk ─▶ chunkCR ─▶ chunkLF ─▶ inSize, of the next chunk
//	        │      └────────────▶ inTrailer, behind a chunk of no bytes ─▶ atEnd
//	        ├─▶ untilEnd, of the connection
//	        └─▶ atEnd, without a body
type answerState uint8

const (
	inHead answerState = iota
	inBody
	inSize
	inExtension // behind the digits of a chunk's size, up to the end of the line
	inChunk
	chunkCR
	chunkLF
	inTrailer
	untilEnd
	atEnd
)

// An answer reads the answers of a connection, one after another, in the pieces in which they come. It allocates only for
// a head that comes in several.
type answer struct {
	head   []byte // of a head, what has come in earlier pieces
	left   int64  // bytes of the body or the chunk that have not come
	got    int64  // bytes of the body
	line   int    // bytes of the line in which a chunk's size or a trailer is
	status int
	state  answerState
	noBody bool // the request was a HEAD
	last   bool // the connection ends behind it
}

// whole tells whether the answer has come to its end.
func (a *answer) whole() bool { return a.state == atEnd }

// fresh tells whether nothing of an answer has come.
func (a *answer) fresh() bool { return a.state == atEnd || a.state == inHead && len(a.head) == 0 }

// due describes what has come.
func (a *answer) due() string {
	if a.state == inHead || a.state == atEnd {
		return fmt.Sprintf("%d bytes of an answer's head", len(a.head))
	}
	return fmt.Sprintf("status %d and %d bytes of the body", a.status, a.got)
}

// hear reads bytes up to the end of an answer. It returns how many. After a whole answer it reads the next.
func (a *answer) hear(p []byte) (n int, err error) {
	if a.state == atEnd {
		a.state, a.left, a.got, a.line, a.head, a.last = inHead, 0, 0, 0, a.head[:0], false
	}
	for n < len(p) && a.state != atEnd && err == nil {
		switch a.state {
		case inHead:
			var used int
			used, err = a.readHead(p[n:])
			n += used
		case inBody, inChunk:
			some := min(int64(len(p)-n), a.left)
			n, a.left, a.got = n+int(some), a.left-some, a.got+some
			switch {
			case a.left > 0:
			case a.state == inBody:
				a.state = atEnd
			default:
				a.state = chunkCR
			}
		case untilEnd:
			a.got += int64(len(p) - n)
			n = len(p)
		default:
			err = a.readFrame(p[n])
			n++
		}
	}
	return n, err
}

// readFrame reads a byte of what is around chunks.
func (a *answer) readFrame(c byte) error {
	a.line++
	switch {
	case a.line > maxHead:
		return errHead
	case a.state == inSize:
		digit, ok := unhex(c)
		switch {
		case ok && a.left < 1<<58:
			a.left = a.left<<4 | int64(digit)
		case ok || a.line == 1 || c != '\r' && c != ';' && c != ' ' && c != '\t':
			return errChunk
		default:
			a.state = inExtension
		}
	case a.state == inExtension && c == '\n':
		a.line = 0
		if a.state = inChunk; a.left == 0 {
			a.state = inTrailer
		}
	case a.state == chunkCR && c == '\r':
		a.state = chunkLF
	case a.state == chunkLF && c == '\n':
		a.state, a.line, a.left = inSize, 0, 0
	case a.state == chunkCR, a.state == chunkLF:
		return errChunk
	case a.state == inTrailer && c == '\n':
		if a.line <= len("\r\n") {
			a.state = atEnd
		}
		a.line = 0
	}
	return nil
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

var headEnd = []byte("\r\n\r\n")

// readHead reads bytes up to a head's end, and returns how many.
func (a *answer) readHead(p []byte) (int, error) {
	if len(a.head) == 0 {
		if i := bytes.Index(p, headEnd); i >= 0 { // the usual case: no copy
			return i + len(headEnd), a.understand(p[:i+2])
		}
	}
	had := len(a.head)
	from := max(had-len(headEnd)+1, 0)
	a.head = append(a.head, p...)
	i := bytes.Index(a.head[from:], headEnd)
	switch {
	case !isHTTP(a.head):
		return 0, errAnswer
	case i < 0 && len(a.head) > maxHead:
		return 0, errHead
	case i < 0:
		return len(p), nil
	}
	end := from + i
	err := a.understand(a.head[:end+2])
	a.head = a.head[:0]
	return end + len(headEnd) - had, err
}

var version = []byte("HTTP/1.")

// isHTTP tells whether an answer may begin so.
func isHTTP(p []byte) bool {
	n := min(len(p), len(version))
	return bytes.Equal(p[:n], version[:n])
}

// understand reads a head, in which each line has its end.
func (a *answer) understand(head []byte) error {
	line, rest, _ := bytes.Cut(head, headEnd[:2])
	if len(line) < len("HTTP/1.1 200") || !isHTTP(line) || line[8] != ' ' {
		return errAnswer
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil || status < 100 || len(line) > 12 && line[12] != ' ' {
		return errAnswer
	}
	a.status = status
	length, chunked, last := int64(-1), false, line[7] == '0'
	for len(rest) > 0 {
		line, rest, _ = bytes.Cut(rest, headEnd[:2])
		name, value, found := bytes.Cut(line, []byte(":"))
		if !found {
			return errAnswer
		}
		switch len(name) { // most names are told by their length
		case len("Connection"):
			if bytes.EqualFold(name, []byte("Connection")) {
				value = bytes.TrimSpace(value)
				last = bytes.EqualFold(value, []byte("close")) || last && !bytes.EqualFold(value, []byte("keep-alive"))
			}
		case len("Content-Length"):
			if bytes.EqualFold(name, []byte("Content-Length")) {
				if length, err = strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64); err != nil || length < 0 {
					return errAnswer
				}
			}
		case len("Transfer-Encoding"):
			if bytes.EqualFold(name, []byte("Transfer-Encoding")) {
				chunked = bytes.EqualFold(bytes.TrimSpace(value), []byte("chunked"))
			}
		}
	}
	switch {
	case status == http.StatusSwitchingProtocols: // nobody has asked for it
		return errAnswer
	case status < 200: // the answer follows
	case a.noBody, status == http.StatusNoContent, status == http.StatusNotModified, length == 0 && !chunked:
		a.state, a.last = atEnd, last
	case chunked:
		a.state, a.last = inSize, last
	case length > 0:
		a.state, a.left, a.last = inBody, length, last
	default:
		a.state, a.last = untilEnd, true
	}
	return nil
}
