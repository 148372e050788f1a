package main

import (
	"bufio"
	"bytes"
	"errors"
	"strconv"
)

var errProtocol = errors.New("not the Redis protocol")

// splitCommand is a bufio.SplitFunc whose tokens are commands: arrays of bulk strings, such as
// "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", or lines ("inline commands").
func splitCommand(data []byte, atEOF bool) (int, []byte, error) {
	if len(data) == 0 || data[0] != '*' {
		return bufio.ScanLines(data, atEOF)
	}
	n, at, err := number(data, 0)
	if err != nil || at == 0 || n > maxCommand {
		return 0, nil, err
	}
	for range n {
		if at == len(data) {
			return 0, nil, nil
		}
		if data[at] != '$' {
			return 0, nil, errProtocol
		}
		size, next, err := number(data, at)
		if err != nil || next == 0 {
			return 0, nil, err
		}
		if at = next + size + 2; at > len(data) || size > maxCommand {
			return 0, nil, nil // if it never fits, Frames ends the connection
		}
		if !bytes.HasSuffix(data[:at], []byte("\r\n")) {
			return 0, nil, errProtocol
		}
	}
	return at, data[:at], nil
}

// number reads the number of the header that begins at a byte, "$3\r\n", and returns where the
// next byte is: 0 if the header is not complete.
func number(data []byte, at int) (n, next int, err error) {
	end := bytes.IndexByte(data[at:min(len(data), at+20)], '\n')
	if end < 0 {
		if len(data) >= at+20 {
			err = errProtocol
		}
		return 0, 0, err
	}
	n, err = strconv.Atoi(string(bytes.TrimSuffix(data[at+1:at+end], []byte("\r"))))
	if err != nil || n < 0 || n > 1<<30 {
		return 0, 0, errProtocol
	}
	return n, at + end + 1, nil
}

// splitArgs appends the arguments of a command that splitCommand found. They are pieces of it.
func splitArgs(frame []byte, args [][]byte) [][]byte {
	if len(frame) == 0 || frame[0] != '*' {
		return append(args, bytes.Fields(frame)...)
	}
	n, at, _ := number(frame, 0)
	for range n {
		size, next, _ := number(frame, at)
		args = append(args, frame[next:next+size])
		at = next + size + 2
	}
	return args
}

// What follows appends an answer.

func appendSimple(p []byte, s string) []byte { return append(append(append(p, '+'), s...), '\r', '\n') }
func appendError(p []byte, s string) []byte {
	return append(append(append(p, "-ERR "...), s...), '\r', '\n')
}
func appendInt(p []byte, n int64) []byte {
	return append(strconv.AppendInt(append(p, ':'), n, 10), '\r', '\n')
}

func appendHeader(p []byte, kind byte, n int) []byte {
	return append(strconv.AppendInt(append(p, kind), int64(n), 10), '\r', '\n')
}

// appendBulk appends a string, or for nil that there is none.
func appendBulk(p, s []byte) []byte {
	if s == nil {
		return append(p, "$-1\r\n"...)
	}
	return append(append(appendHeader(p, '$', len(s)), s...), '\r', '\n')
}
