package handles_test

import (
	"bytes"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestShortReads: when many bytes have arrived, a turn makes one short read. After
// ReadStart the loop reads long chunks again. Nothing is lost in between.
func TestShortReads(t *testing.T) {
	const size = 40 << 10
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		a, b := looptest.Pair(t, l)
		wideReceive(t, b)
		want := uvtest.Pattern(4*size, 1)
		var got []byte
		var reads []int // of this turn
		read := func(p []byte, err error) {
			uvtest.Check(t, err)
			got = append(got, p...)
			reads = append(reads, len(p))
		}
		for i := range 4 {
			uvtest.Must(a.Write(want[i*size : (i+1)*size]))
			looptest.Poll(t, l, func() bool { return unread(t, b) == size })
			short := i%2 == 0
			if short {
				uvtest.Check(t, b.Base().ReadStartShort(read))
			} else {
				uvtest.Check(t, b.ReadStart(read))
			}
			for n := 0; len(got) < (i+1)*size; n++ {
				reads = reads[:0]
				looptest.Turn(t, l, 1)
				switch {
				case short && (len(reads) > 1 || len(reads) == 1 && reads[0] > handles.ShortRead):
					t.Fatalf("a turn had reads of %d bytes, want one short one", reads)
				case !short && n == 0 && (len(reads) == 0 || reads[0] <= handles.ShortRead):
					t.Fatalf("a turn had reads of %d bytes, want long ones", reads)
				}
			}
			uvtest.Check(t, b.ReadStop())
		}
		if !bytes.Equal(got, want) {
			t.Error("other bytes were read than were sent")
		}
		uvtest.CloseAll(t, a, b)
	})
}
