package handles_test

import (
	"bytes"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

// TestShortReads: of much that has arrived, a turn brings one short read; ReadStart
// reads in long chunks again. Nothing is lost in between.
func TestShortReads(t *testing.T) {
	const size = 40 << 10
	parked(t, func(t *testing.T, l *uvgo.Loop) {
		a, b := pair(t, l)
		wideReceive(t, b)
		want := pattern(4*size, 1)
		var got []byte
		var reads []int // of this turn
		read := func(p []byte, err error) {
			check(t, err)
			got = append(got, p...)
			reads = append(reads, len(p))
		}
		for i := range 4 {
			must(a.Write(want[i*size : (i+1)*size]))
			poll(t, l, func() bool { return unread(t, b) == size })
			short := i%2 == 0
			if short {
				check(t, b.Base().ReadStartShort(read))
			} else {
				check(t, b.ReadStart(read))
			}
			for n := 0; len(got) < (i+1)*size; n++ {
				reads = reads[:0]
				turn(t, l, 1)
				switch {
				case short && (len(reads) > 1 || len(reads) == 1 && reads[0] > handles.ShortRead):
					t.Fatalf("a turn had reads of %d bytes, want one short one", reads)
				case !short && n == 0 && (len(reads) == 0 || reads[0] <= handles.ShortRead):
					t.Fatalf("a turn had reads of %d bytes, want long ones", reads)
				}
			}
			check(t, b.ReadStop())
		}
		if !bytes.Equal(got, want) {
			t.Error("other bytes were read than were sent")
		}
		closeAll(t, a, b)
	})
}
