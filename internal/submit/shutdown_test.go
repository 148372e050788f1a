package submit_test

import (
	"io"
	"testing"

	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestShutdownWithoutCallback ends the writing side all the same, after what
// was written before, and the loop has no work left then.
func TestShutdownWithoutCallback(t *testing.T) {
	l := looptest.New(t)
	a, b := looptest.Pair(t, l)
	got := 0
	ended := uvtest.NewCounter(t, "end of the stream", 1)
	uvtest.Check(t, a.WriteFunc(nil, make([]byte, 4<<20)))
	uvtest.Check(t, a.Shutdown(nil))
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
		if got += len(p); err != nil {
			uvtest.IsErr(t, "read", err, io.EOF)
			ended.Inc()
		}
	}))
	looptest.Run(t, l)
	if got != 4<<20 {
		t.Errorf("%d bytes arrived before the end", got)
	}
	a.Close()
	b.Close()
}
