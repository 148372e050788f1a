package server_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// errOdd is the error of a split function.
var errOdd = errors.New("odd")

// odd is a split function with all that is rare: skipped bytes without a token, empty tokens, a
// final token, errors, and a wrong advance. What it does depends on the bytes alone.
func odd(data []byte, atEOF bool) (int, []byte, error) {
	if len(data) == 0 {
		return 0, nil, nil
	}
	switch data[0] {
	case ' ': // all blanks at once: otherwise it would matter how the bytes arrive
		blanks := len(data) - len(bytes.TrimLeft(data, " "))
		advance, token, err := odd(data[blanks:], atEOF)
		if advance >= 0 {
			advance += blanks
		}
		return advance, token, err
	case '.':
		return 1, data[:0], nil
	case '!':
		return 0, nil, bufio.ErrFinalToken
	case '?':
		return 0, data[:1], bufio.ErrFinalToken
	case '#':
		return 0, nil, errOdd
	case '<':
		return -1, data[:1], nil
	case '>':
		return len(data) + 1, data[:1], nil
	}
	if n := 1 + int(data[0])%7; n <= len(data) {
		return n, data[n/2 : n], nil
	}
	if atEOF {
		return len(data), data, nil
	}
	return 0, nil, nil
}

// atEnd is ScanLines with an empty token at the end.
func atEnd(data []byte, atEOF bool) (int, []byte, error) {
	if atEOF && len(data) == 0 {
		return 0, data, bufio.ErrFinalToken
	}
	return bufio.ScanLines(data, atEOF)
}

// chunked reads the pieces of a text that the cuts make, one a call.
type chunked struct{ chunks [][]byte }

func (r *chunked) Read(p []byte) (int, error) {
	if len(r.chunks) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.chunks[0])
	if r.chunks[0] = r.chunks[0][n:]; len(r.chunks[0]) == 0 {
		r.chunks = r.chunks[1:]
	}
	return n, nil
}

// cut cuts data into chunks whose sizes come from cuts.
func cut(data, cuts []byte) (chunks [][]byte) {
	for i := 0; len(data) > 0; i++ {
		n := len(data)
		if len(cuts) > 0 {
			n = min(n, 1+int(cuts[i%len(cuts)]))
		}
		chunks = append(chunks, data[:n])
		data = data[n:]
	}
	return chunks
}

// FuzzFrames compares the frames and the error with those of a bufio.Scanner. The handler
// pauses behind frames that pauses chooses.
func FuzzFrames(f *testing.F) {
	splits := []bufio.SplitFunc{
		bufio.ScanLines, bufio.ScanWords, bufio.ScanRunes, odd, atEnd,
		server.LengthPrefix{Bytes: 1, Keep: true}.Split, server.LengthPrefix{}.Split,
		server.LengthPrefix{Bytes: 2, Little: true, Inclusive: true}.Split,
	}
	for i, text := range []string{
		"one\ntwo\r\n\nthree", " a  few words ", "aß\xff€", "abc. .. gh?#x", "one\n\n",
		"\x03abc\x00\x01d\x09e", "\x02ab\x00\x81\x01c", "\x05\x00abc\x02\x00\x01\x00",
		"a line that is too long\n", "......................... .. !<>", "x<", "y>", "z#",
	} {
		for _, cuts := range []string{"", "\x00", "\x03\x01\x07"} {
			f.Add([]byte(text), []byte(cuts), uint8(i), uint8(12), uint8(0x55))
		}
	}
	h := newFrameProbe(f)
	var pauses uint8
	frames := 0
	h.onFrame = func(c *server.Conn, _ []byte) {
		if frames++; pauses>>(frames%8)&1 == 1 {
			c.Pause()
			if pauses>>7 == 1 { // before what is left has stalled, or behind it
				c.Resume()
				c.Pause()
			}
			_ = c.Loop().Post(c.Resume)
		}
	}
	type mode struct {
		split int
		max   uint8
	}
	handlers := map[mode]server.Handler{}
	var current atomic.Value // a server.Handler
	r := run(f, &server.Server{Handler: &switching{h, &current}, Loops: 1, Logger: slog.New(slog.DiscardHandler)})
	f.Fuzz(func(t *testing.T, data, cuts []byte, split, most, pause uint8) {
		m := mode{int(split) % len(splits), max(most, 1)}
		if handlers[m] == nil {
			handlers[m] = server.Frames(splits[m.split], int(m.max), h)
		}
		handler := handlers[m]
		current.Store(handler)
		chunks := cut(data, cuts)
		client := uvtest.Must(net.Dial("tcp", r.Addrs()[0].String()))
		defer client.Close()
		c := <-h.opened
		on(t, c, func() {
			pauses, frames = pause, 0
			for _, p := range chunks {
				handler.Data(c, bytes.Clone(p))
			}
		})
		client.Close()
		end := (<-h.closed).err
		want, wantErr := scan(&chunked{chunks}, splits[m.split], int(m.max))
		if diff := cmp.Diff(want, h.got()); diff != "" {
			t.Errorf("frames (-want +got):\n%s", diff)
		}
		switch {
		case wantErr == nil && (end == nil || end == io.EOF):
		case wantErr == nil, !errors.Is(end, wantErr):
			t.Errorf("it ends with %v, want %v", end, wantErr)
		}
	})
}

// switching is a Handler whose connections are those of the handler that is current when they
// are opened.
type switching struct {
	*frameProbe
	current *atomic.Value
}

func (s *switching) handler() server.Handler         { return s.current.Load().(server.Handler) }
func (s *switching) Open(c *server.Conn)             { s.handler().Open(c) }
func (s *switching) Data(c *server.Conn, p []byte)   { s.handler().Data(c, p) }
func (s *switching) Close(c *server.Conn, err error) { s.handler().Close(c, err) }
