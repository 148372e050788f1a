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

// echoes are ways to send back what a read callback borrows. All of it lies in
// the read arena, which the next turn uses again.
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
		check(t, s.WriteFunc(func(err error) { isErr(t, "write", err, nil) }, p))
	}},
	{"write func of parts", func(t testing.TB, s handles.Stream, p []byte) {
		at := len(p) * 2 / 3
		check(t, s.WriteFunc(func(err error) { isErr(t, "write", err, nil) }, p[:at], nil, bytes.Clone(p[at:])))
	}},
	{"mixed", func(t testing.TB, s handles.Stream, p []byte) {
		at := len(p) / 2
		n, err := s.TryWrite(p[:at])
		if err != nil {
			n = 0
		}
		check(t, s.WriteFunc(nil, p[n:]))
	}},
}

// narrow makes the kernel keep little for a stream.
func narrow(t testing.TB, s handles.Stream, opt int) {
	t.Helper()
	check(t, unix.SetsockoptInt(must(s.FD()), unix.SOL_SOCKET, opt, 8<<10))
}

// TestEchoWithoutCopy sends back from the arena to peers that read slowly, so
// that writes are blocked most of the time, with other streams using the arena.
func TestEchoWithoutCopy(t *testing.T) {
	for _, tt := range echoes {
		t.Run(tt.name, func(t *testing.T) {
			parked(t, func(t *testing.T, l *uvgo.Loop) {
				const clients, size = 4, 1 << 20
				blocked := false
				var wants [clients][]byte
				var gots [clients]*[]byte
				for i := range clients {
					a, b := pair(t, l)
					narrow(t, b, unix.SO_SNDBUF)
					ended := uvtest.NewCounter(t, "end of a request", 1)
					check(t, b.ReadStart(func(p []byte, err error) {
						if err != nil {
							isErr(t, "read", err, io.EOF)
							ended.Inc()
							check(t, b.Shutdown(func(error) { closeAll(t, b) }))
							return
						}
						blocked = blocked || b.Buffered() > 0 // left from earlier turns
						tt.echo(t, b, p)
					}))
					wants[i] = pattern(size, uint32(i))
					gots[i] = collect(t, l, a)
					for at := 0; at < size; {
						n := min(1+at%100_000, size-at)
						check(t, a.WriteFunc(nil, wants[i][at:at+n]))
						at += n
					}
					check(t, a.Shutdown(nil))
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

// TestProxyFromTheArena sends what one stream reads to others, of the same and
// of another loop.
func TestProxyFromTheArena(t *testing.T) {
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		const size = 1 << 20
		far := newLoop(t)
		src, in := pair(t, l)
		out, sink := pair(t, l)
		pipe, pipeSink := pipePair(t, l)
		outside, outsideSink := pair(t, far)
		got, gotPipe, gotFar := collect(t, l, sink), collect(t, l, pipeSink), []byte(nil)
		check(t, in.ReadStart(func(p []byte, err error) {
			if err != nil {
				isErr(t, "read", err, io.EOF)
				check(t, out.Shutdown(func(error) { closeAll(t, out) }))
				check(t, pipe.Shutdown(func(error) { closeAll(t, pipe) }))
				check(t, outside.Shutdown(nil))
				closeAll(t, in)
				return
			}
			for _, s := range []handles.Stream{out, pipe} {
				_, err := s.Write(p)
				check(t, err)
			}
			_, err = outside.Write(p) // that loop does not run: it may be used from here
			check(t, err)
		}))
		want := pattern(size, 7)
		check(t, src.WriteFunc(func(error) { closeAll(t, src) }, want))
		looptest.Run(t, l)
		check(t, outsideSink.ReadStart(func(p []byte, err error) {
			if gotFar = append(gotFar, p...); err != nil {
				isErr(t, "read", err, io.EOF)
				closeAll(t, outside, outsideSink)
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
