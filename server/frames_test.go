package server_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// A frameProbe is a FrameHandler that holds the server to its contract as a probe does.
type frameProbe struct {
	*probe
	onFrame func(c *server.Conn, frame []byte)
	frames  chan string
}

func newFrameProbe(t testing.TB) *frameProbe {
	return &frameProbe{probe: newProbe(t), frames: make(chan string, 1<<16)}
}

func (p *frameProbe) Frame(c *server.Conn, frame []byte) {
	p.turn(c, "open", "open", "Frame", func() {
		if frame == nil || cap(frame) != len(frame) {
			p.t.Errorf("a frame of %d bytes has room for %d", len(frame), cap(frame))
		}
		p.frames <- string(frame)
		if p.onFrame != nil {
			p.onFrame(c, frame)
		}
	})
}

// got returns the frames since the last call.
func (p *frameProbe) got() []string {
	list := []string{}
	for len(p.frames) > 0 {
		list = append(list, <-p.frames)
	}
	return list
}

// framing serves frames on one loop. What the Logger gets is no matter. It returns the Handler,
// too, so that a test can decide what arrives together.
func framing(t testing.TB, split bufio.SplitFunc, max int, h server.FrameHandler) (*running, server.Handler) {
	f := server.Frames(split, max, h)
	return run(t, &server.Server{Handler: f, Loops: 1, Logger: slog.New(slog.DiscardHandler)}), f
}

// arrive makes f think that the chunks have arrived one after another.
func arrive(t testing.TB, f server.Handler, c *server.Conn, chunks ...string) {
	t.Helper()
	for _, p := range chunks {
		on(t, c, func() { f.Data(c, []byte(p)) })
	}
}

// scan is what a bufio.Scanner makes of a text.
func scan(text io.Reader, split bufio.SplitFunc, max int) (tokens []string, err error) {
	tokens = []string{}
	s := bufio.NewScanner(text)
	s.Buffer(nil, max)
	for s.Split(split); s.Scan(); {
		tokens = append(tokens, s.Text())
	}
	return tokens, s.Err()
}

func TestFramesAreThoseOfScannerWhereverTheChunksEnd(t *testing.T) {
	const text = "one\n\ntwo\r\nthree  and four\n\r\n five"
	for name, split := range map[string]bufio.SplitFunc{
		"lines": nil, "words": bufio.ScanWords, "runes": bufio.ScanRunes, "bytes": bufio.ScanBytes,
	} {
		t.Run(name, func(t *testing.T) {
			h := newFrameProbe(t)
			r, f := framing(t, split, 20, h)
			if split == nil {
				split = bufio.ScanLines
			}
			want, _ := scan(strings.NewReader(text), split, 20)
			for i := range len(text) + 1 {
				for j := i; j <= len(text); j += 1 + i%3 {
					client := r.dial()
					c := <-h.opened
					arrive(t, f, c, text[:i], text[i:j], text[j:])
					client.Close()
					if end := <-h.closed; end.err != io.EOF {
						t.Errorf("split at %d and %d it ends with %v", i, j, end.err)
					}
					if diff := cmp.Diff(want, h.got()); diff != "" {
						t.Fatalf("split at %d and %d (-want +got):\n%s", i, j, diff)
					}
				}
			}
		})
	}
}

func TestFramesArriveOverASocket(t *testing.T) {
	h := newFrameProbe(t)
	h.onFrame = func(c *server.Conn, frame []byte) { fmt.Fprintf(c, "%s\n", frame) }
	r, _ := framing(t, nil, 0, h)
	client := r.dial()
	var all bytes.Buffer
	for i := range 20_000 {
		fmt.Fprintf(&all, "line %d %s\n", i, strings.Repeat("x", i%300))
	}
	go func() { // TCP cuts it anywhere
		client.Write(all.Bytes())
		client.(*net.TCPConn).CloseWrite()
	}()
	if got := uvtest.Must(io.ReadAll(client)); !bytes.Equal(got, all.Bytes()) {
		t.Errorf("%d bytes came back, of %d", len(got), all.Len())
	}
	if n := len(h.got()); n != 20_000 {
		t.Errorf("%d frames", n)
	}
}

func TestFramesWithinAChunkAreNotCopied(t *testing.T) {
	h := newFrameProbe(t)
	r, f := framing(t, nil, 0, h)
	r.dial()
	c := <-h.opened
	var at []*byte
	h.onFrame = func(_ *server.Conn, frame []byte) { at = append(at, &frame[0]) }
	first, second := []byte("one\ntwo\nthr"), []byte("ee\nfour\nfive\nsix\n")
	on(t, c, func() {
		f.Data(c, first)
		if server.FramesIdle(c) {
			t.Error("the beginning of a frame is not kept")
		}
		f.Data(c, second)
		if !server.FramesIdle(c) {
			t.Error("an idle connection has a buffer")
		}
	})
	want := []*byte{&first[0], &first[4], nil, &second[3], &second[8], &second[13]}
	for i, p := range want {
		if p != nil && at[i] != p {
			t.Errorf("frame %d is a copy", i)
		}
	}
	if diff := cmp.Diff([]string{"one", "two", "three", "four", "five", "six"}, h.got()); diff != "" {
		t.Error(diff)
	}
}

// ends expects the connection to end with an error that is all of the errors.
func (p *frameProbe) ends(t *testing.T, want ...error) {
	t.Helper()
	end := <-p.closed
	for _, w := range want {
		if !errors.Is(end.err, w) {
			t.Errorf("it ends with %v, not with %v", end.err, w)
		}
	}
}

func TestFramesAtTheLimit(t *testing.T) {
	for _, tt := range []struct {
		chunks []string
		frames []string
		err    error
	}{
		{[]string{"1234567\n1234567\n"}, []string{"1234567", "1234567"}, nil},
		{[]string{"1234", "567\n"}, []string{"1234567"}, nil},
		{[]string{"1\n12345678\n2\n"}, []string{"1"}, server.ErrFrameTooLarge},
		{[]string{"1\n1234567", "8\n2\n"}, []string{"1"}, server.ErrFrameTooLarge},
		{[]string{"12345678"}, []string{}, server.ErrFrameTooLarge},
		{[]string{"1", "2", "3", "4", "5", "6", "7", "8"}, []string{}, server.ErrFrameTooLarge},
		{[]string{"1234567"}, []string{"1234567"}, nil}, // at the end, as Scanner
	} {
		t.Run(strings.Join(tt.chunks, "|"), func(t *testing.T) {
			h := newFrameProbe(t)
			h.onFrame = func(c *server.Conn, frame []byte) { c.Write(frame) }
			r, f := framing(t, nil, 8, h)
			client := r.dial()
			c := <-h.opened
			arrive(t, f, c, tt.chunks...)
			if tt.err == nil {
				uvtest.Check(t, client.(*net.TCPConn).CloseWrite())
			}
			answers := uvtest.Must(io.ReadAll(client)) // what was written is sent also after an error
			client.Close()
			if want := strings.Join(tt.frames, ""); string(answers) != want {
				t.Errorf("answers %q, want %q", answers, want)
			}
			if tt.err == nil {
				h.ends(t, io.EOF)
			} else {
				h.ends(t, tt.err, bufio.ErrTooLong)
			}
			if diff := cmp.Diff(tt.frames, h.got()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := r.Stats().Closed.Frame; got != 0 != (tt.err != nil) {
				t.Errorf("%d connections ended by a frame", got)
			}
		})
	}
}

func TestSplitFunctionsThatMisbehave(t *testing.T) {
	mine := errors.New("mine")
	for name, tt := range map[string]struct {
		split bufio.SplitFunc
		want  error
	}{
		"goes back":        {func([]byte, bool) (int, []byte, error) { return -1, nil, nil }, bufio.ErrNegativeAdvance},
		"goes too far":     {func(p []byte, _ bool) (int, []byte, error) { return len(p) + 1, p, nil }, bufio.ErrAdvanceTooFar},
		"does not advance": {func(p []byte, _ bool) (int, []byte, error) { return 0, p[:0], nil }, server.ErrBadFrame},
		"fails":            {func([]byte, bool) (int, []byte, error) { return 0, nil, mine }, mine},
		"wraps ErrFinalToken": {func([]byte, bool) (int, []byte, error) {
			return 0, nil, fmt.Errorf("no: %w", bufio.ErrFinalToken)
		}, bufio.ErrFinalToken},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFrameProbe(t)
			r, _ := framing(t, tt.split, 0, h)
			client := r.dial()
			send(t, client, []byte("hello"))
			h.ends(t, server.ErrBadFrame, tt.want)
			atEOF := r.dial()
			atEOF.Close()
			if name != "goes too far" { // it takes the whole of nothing
				h.ends(t, server.ErrBadFrame, tt.want)
			}
		})
	}
	t.Run("panics", func(t *testing.T) {
		h := newFrameProbe(t)
		r, _ := framing(t, func([]byte, bool) (int, []byte, error) { panic(mine) }, 0, h)
		send(t, r.dial(), []byte("hello"))
		end := <-h.closed
		if p := (*uv.PanicError)(nil); !errors.As(end.err, &p) || p.Value != mine {
			t.Errorf("it ends with %v", end.err)
		}
	})
}

func TestFramesOfNoHandlerAreRefused(t *testing.T) {
	s := &server.Server{Handler: server.Frames(nil, 0, nil)}
	if err := s.Listen(anyTCP); err == nil {
		t.Error("Listen takes a nil handler")
		uvtest.Check(t, s.Shutdown(t.Context()))
	}
}

func TestFramesHasTheOptionalMethodsOfItsHandler(t *testing.T) {
	type drains struct {
		server.FrameHandler
		server.Drainer
	}
	type ends struct {
		server.FrameHandler
		server.EOFHandler
	}
	for _, h := range []server.FrameHandler{
		newFrameProbe(t), drains{FrameHandler: newFrameProbe(t)}, ends{FrameHandler: newFrameProbe(t)},
		struct {
			drains
			server.EOFHandler
		}{},
	} {
		_, wantDrain := h.(server.Drainer)
		_, wantEOF := h.(server.EOFHandler)
		f := server.Frames(nil, 0, h)
		_, drain := f.(server.Drainer)
		_, eof := f.(server.EOFHandler)
		if drain != wantDrain || eof != wantEOF {
			t.Errorf("%T: Drainer %v, EOFHandler %v", h, drain, eof)
		}
	}
}
