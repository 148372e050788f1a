package handles_test

import (
	"io"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestTurnsAreBounded: when many descriptors stay ready, a turn handles some of them,
// and later turns handle the others.
func TestTurnsAreBounded(t *testing.T) {
	const ready = 300
	for _, tt := range []struct {
		parking uvgo.Parking
		most    int
	}{{uvgo.ParkThread, 128}, {uvgo.ParkGoroutine, 32}} {
		l := looptest.New(t, uvgo.WithParking(tt.parking))
		served := map[int]bool{}
		calls := 0
		var polls []io.Closer
		for i := range ready {
			r, w := pollPipe(t)
			if _, err := unix.Write(w, []byte{1}); err != nil {
				t.Fatal(err)
			}
			p := uvtest.Must(handles.NewPoll(l, uintptr(r)))
			polls = append(polls, p)
			uvtest.Check(t, p.Start(handles.Readable, func(handles.PollEvent, error) {
				calls++
				served[i] = true
			}))
		}
		for turns := 0; len(served) < ready; turns++ {
			before := calls
			looptest.Turn(t, l, 1)
			if n := calls - before; n > tt.most {
				t.Fatalf("a turn took %d descriptors, want at most %d", n, tt.most)
			}
			if turns > 2*ready/tt.most {
				t.Fatalf("%d of %d were served in %d turns", len(served), ready, turns)
			}
		}
		uvtest.CloseAll(t, polls...)
		looptest.Turn(t, l, 1)
	}
}
