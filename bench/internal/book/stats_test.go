package book

import (
	"math"
	"testing"
)

// TestRatioPairsRounds: a round in which the machine was twice as fast does not change the ratio, and one that lacks either sample is left out.
func TestRatioPairsRounds(t *testing.T) {
	r := &Results{Runs: []Run{{}, {}}, Cells: []Result{cellOf("w", "a", 120, 240, 120, 900), cellOf("w", "b", 100, 200, 100, 0), cellOf("w", "c", 50)}}
	q := r.Ratio("w", "a", "b", Rate)
	if q.Median != 1.2 || q.Low != 1.2 || q.High != 1.2 || q.Rounds != 3 || q.Apart {
		t.Errorf("%+v", q)
	}
	if q := r.Ratio("w", "a", "absent", Rate); !math.IsNaN(q.Median) {
		t.Errorf("a ratio to what was not measured: %+v", q)
	}
	if q := r.Ratio("w", "a", "b", CPU); !math.IsNaN(q.Median) {
		t.Errorf("a ratio of figures that are missing: %+v", q)
	}
	r.Cells[1].Run = 1 // of another day: rounds do not belong together
	if q := r.Ratio("w", "a", "b", Rate); q.Median != 1.8 || !q.Apart || !math.IsNaN(q.Low) || Times(q) != "1.80*" {
		t.Errorf("%+v", q)
	}
}

func TestSpread(t *testing.T) {
	c := cellOf("w", "a", 90, 100, 110)
	if got := c.Spread(Rate); math.Abs(got-0.1) > 1e-9 {
		t.Errorf("spread %v, want 0.1", got)
	}
	one := cellOf("w", "a", 90)
	if !math.IsNaN(one.Spread(Rate)) {
		t.Error("one round has a spread")
	}
}

func TestVerdicts(t *testing.T) {
	b := newBook(nil, "w", "not-run")
	r := &Results{Runs: []Run{{}}, Peers: []Found{{Name: "gone", Absent: "why"}}, Cells: []Result{cellOf("w", "a", 200, 160, 120), cellOf("w", "b", 100, 100, 100)}}
	list := r.Verdicts(b)
	if len(list) != 2 {
		t.Fatalf("%d verdicts, want those of the workload that was run: %+v", len(list), list)
	}
	if v := list[0]; v.Outcome() != Met || !v.Open() || v.Text() != "met, rounds differ" {
		t.Errorf("%s: %+v", v.Text(), v)
	}
	if v := list[1]; v.Outcome() != NotMeasured || v.Text() != "not measured: absent" {
		t.Errorf("%s: %+v", v.Text(), v)
	}
	for _, tt := range []struct {
		target Target
		median float64
		want   string
	}{
		{Target{Least: 1.5}, 1.5, Met}, {Target{Least: 1.5}, 1.49, Missed}, {Target{Most: 0.5}, 0.5, Met}, {Target{Most: 0.5}, 0.51, Missed},
		{Target{Least: 1.5}, math.NaN(), NotMeasured}, {Target{Most: 1.5}, math.NaN(), NotMeasured},
	} {
		if got := (Verdict{Target: tt.target, Ratio: Ratio{Median: tt.median}}).Outcome(); got != tt.want {
			t.Errorf("%+v, %v: %s", tt.target, tt.median, got)
		}
	}
}
