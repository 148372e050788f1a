package handles_test

import (
	"bytes"
	"io"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// echoes are ways to send back the bytes that a read callback borrows. They lie in the
// read arena, which the next turn reuses.
var echoes = []struct {
	name string
	echo func(t testing.TB, s handles.Stream, p []byte)
}{
	{"write", func(t testing.TB, s handles.Stream, p []byte) {
		n, err := s.Write(p)
		if n != len(p) || err != nil {
			t.Errorf("write: %d of %d, %v", n, len(p), err)
		}
	}},
	{"write parts", func(t testing.TB, s handles.Stream, p []byte) {
		for _, part := range [][]byte{p[:min(1, len(p))], p[min(1, len(p)):min(3, len(p))], p[min(3, len(p)):]} {
			n, err := s.Write(part)
			if n != len(part) || err != nil {
				t.Errorf("write: %d of %d, %v", n, len(part), err)
			}
		}
	}},
	{"write func", func(t testing.TB, s handles.Stream, p []byte) {
		uvtest.Check(t, s.WriteFunc(func(err error) { uvtest.IsErr(t, "write", err, nil) }, p))
	}},
	{"write func of parts", func(t testing.TB, s handles.Stream, p []byte) {
		at := len(p) * 2 / 3
		uvtest.Check(t, s.WriteFunc(func(err error) { uvtest.IsErr(t, "write", err, nil) }, p[:at], nil, bytes.Clone(p[at:])))
	}},
	{"mixed", func(t testing.TB, s handles.Stream, p []byte) {
		at := len(p) / 2
		n, err := s.TryWrite(p[:at])
		if err != nil {
			n = 0
		}
		uvtest.Check(t, s.WriteFunc(nil, p[n:]))
	}},
}

// narrow makes the kernel's buffers of a stream small.
func narrow(t testing.TB, s handles.Stream, opt int) {
	t.Helper()
	uvtest.Check(t, unix.SetsockoptInt(uvtest.Must(s.FD()), unix.SOL_SOCKET, opt, 8<<10))
}

// TestEchoWithoutCopy sends bytes back from the arena to peers that read slowly, so
// that most writes have to wait, while other streams use the arena.
func TestEchoWithoutCopy(t *testing.T) {
	for _, tt := range echoes {
		t.Run(tt.name, func(t *testing.T) {
			looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
				const clients, size = 4, 1 << 20
				blocked := false
				var wants [clients][]byte
				var gots [clients]*[]byte
				for i := range clients {
					a, b := looptest.Pair(t, l)
					narrow(t, b, unix.SO_SNDBUF)
					ended := uvtest.NewCounter(t, "end of a request", 1)
					uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
						if err != nil {
							uvtest.IsErr(t, "read", err, io.EOF)
							ended.Inc()
							uvtest.Check(t, b.Shutdown(func(error) { uvtest.CloseAll(t, b) }))
							return
						}
						blocked = blocked || b.Buffered() > 0 // left from earlier turns
						tt.echo(t, b, p)
					}))
					wants[i] = uvtest.Pattern(size, uint32(i))
					gots[i] = collect(t, l, a)
					for at := 0; at < size; {
						n := min(1+at%100_000, size-at)
						uvtest.Check(t, a.WriteFunc(nil, wants[i][at:at+n]))
						at += n
					}
					uvtest.Check(t, a.Shutdown(nil))
				}
				looptest.Run(t, l)
				if !blocked {
					t.Error("no write was ever blocked: the test shows nothing")
				}
				for i := range clients {
					if !bytes.Equal(*gots[i], wants[i]) {
						t.Errorf("client %d: %d of %d bytes came back, or in another order", i, len(*gots[i]), size)
					}
				}
			}, smallArenas)
		})
	}
}

// TestProxyFromTheArena sends the bytes that one stream reads to other streams, of the
// same and of another loop.
func TestProxyFromTheArena(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		const size = 1 << 20
		far := looptest.New(t)
		src, in := looptest.Pair(t, l)
		out, sink := looptest.Pair(t, l)
		pipe, pipeSink := pipePair(t, l)
		outside, outsideSink := looptest.Pair(t, far)
		got, gotPipe, gotFar := collect(t, l, sink), collect(t, l, pipeSink), []byte(nil)
		uvtest.Check(t, in.ReadStart(func(p []byte, err error) {
			if err != nil {
				uvtest.IsErr(t, "read", err, io.EOF)
				uvtest.Check(t, out.Shutdown(func(error) { uvtest.CloseAll(t, out) }))
				uvtest.Check(t, pipe.Shutdown(func(error) { uvtest.CloseAll(t, pipe) }))
				uvtest.Check(t, outside.Shutdown(nil))
				uvtest.CloseAll(t, in)
				return
			}
			for _, s := range []handles.Stream{out, pipe} {
				_, err := s.Write(p)
				uvtest.Check(t, err)
			}
			_, err = outside.Write(p) // that loop does not run: it may be used from here
			uvtest.Check(t, err)
		}))
		want := uvtest.Pattern(size, 7)
		uvtest.Check(t, src.WriteFunc(func(error) { uvtest.CloseAll(t, src) }, want))
		looptest.Run(t, l)
		uvtest.Check(t, outsideSink.ReadStart(func(p []byte, err error) {
			if gotFar = append(gotFar, p...); err != nil {
				uvtest.IsErr(t, "read", err, io.EOF)
				uvtest.CloseAll(t, outside, outsideSink)
			}
		}))
		looptest.Run(t, far)
		for name, got := range map[string][]byte{"TCP": *got, "pipe": *gotPipe, "other loop": gotFar} {
			if !bytes.Equal(got, want) {
				t.Errorf("%s: %d of %d bytes arrived, or in another order", name, len(got), size)
			}
		}
	}, smallArenas)
}
