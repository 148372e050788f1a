package stopwatch

import (
	"bytes"
	"testing"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

func TestPrintIsALoad(t *testing.T) {
	w := Start()
	for n := 0; w.Started.IsZero() || n < 1_000_000; n++ {
	}
	var out bytes.Buffer
	if err := w.Print(&out, 7); err != nil {
		t.Fatal(err)
	}
	l, err := harness.ParseLoad(out.String())
	if err != nil || l.Ops != 7 || l.Seconds <= 0 || l.ServerCPU <= 0 {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestEnough(t *testing.T) {
	w := Start()
	if w.Enough(1000) {
		t.Error("children are enough at once")
	}
	w.Started = w.Started.Add(-spawnTime)
	if w.Enough(leastChildren-1) || !w.Enough(leastChildren) {
		t.Error("the least number of children does not count")
	}
}

func TestHeapIsTouched(t *testing.T) {
	if h := Heap(0); len(h) != 0 {
		t.Errorf("%d bytes of heap", len(h))
	}
}
