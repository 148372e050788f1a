package handles_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// TestTakeRead: it has what libuv has read and no callback has received, whether that waits in the batch, for ReadStart, or for a
// callback that blocks. The loop reads no more.
func TestTakeRead(t *testing.T) {
	const size = 150_000 // a turn reads several chunks
	for _, way := range []string{"batch", "stopped", "blocked"} {
		t.Run(way, func(t *testing.T) {
			looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
				a, b := looptest.Pair(t, l)
				want := uvtest.Pattern(size, 3)
				var got []byte
				more := 0
				take := func() {
					err := b.Base().TakeRead(func(p []byte) { got = append(got, p...); more++ })
					uvtest.IsErr(t, "take", err, nil)
					uvtest.IsErr(t, "take", b.Base().TakeRead(func([]byte) { t.Error("twice") }), nil)
					uvtest.CloseAll(t, a, b)
				}
				read := func(p []byte, err error) {
					if got = append(got, p...); err != nil || more > 0 {
						t.Errorf("read %d bytes, %v", len(p), err)
					}
					switch way {
					case "batch":
						take()
					case "stopped":
						uvtest.Check(t, b.ReadStop())
						uvtest.Check(t, l.Post(take)) // runs in a later turn
					case "blocked":
						done := make(chan struct{})
						uvtest.Check(t, l.Post(func() { take(); close(done) }))
						uvtest.Check(t, l.Block(func() { <-done }))
					}
				}
				uvtest.Check(t, a.WriteFunc(func(error) { uvtest.Check(t, b.ReadStart(read)) }, want))
				looptest.Run(t, l)
				if n := len(got); more == 0 || !bytes.Equal(got, want[:n]) {
					t.Errorf("%d bytes, or in another order; %d chunks were taken", n, more)
				}
			})
		})
	}
}

// TestTakeReadLeavesFailures: what ends in a failure is delivered as ever. An end is reported, and delivered as well.
func TestTakeReadLeavesFailures(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		for _, want := range []error{io.EOF, uv.ECONNRESET} {
			a, b := pipePair(t, l)
			reads := 0
			var ends []error
			var read func(p []byte, err error)
			read = func(p []byte, err error) {
				if err != nil {
					ends = append(ends, err)
					uvtest.CloseAll(t, b)
					return
				}
				if reads++; reads > 1 {
					return
				}
				taken := 0
				if err := b.Base().TakeRead(func(p []byte) { taken += len(p) }); !errors.Is(err, want) || (taken > 0) != (want == io.EOF) {
					t.Errorf("take: %v with %d bytes", err, taken)
				}
				uvtest.Check(t, b.ReadStart(read))
			}
			if want != io.EOF { // a unix socket that closes with bytes unread
				uvtest.Must(b.Write([]byte("unread")))
			}
			uvtest.Check(t, a.WriteFunc(func(error) {
				a.OnClose(func() { uvtest.Check(t, b.ReadStart(read)) })
				uvtest.CloseAll(t, a)
			}, make([]byte, 128<<10)))
			looptest.Run(t, l)
			if len(ends) != 1 || !errors.Is(ends[0], want) || want != io.EOF && reads != 2 {
				t.Errorf("ends %v after %d reads, want %v", ends, reads, want)
			}
		}
	})
	var b handles.Base
	if err := b.TakeRead(nil); !errors.Is(err, uv.EINVAL) {
		t.Errorf("of a zero Base: %v", err)
	}
}
