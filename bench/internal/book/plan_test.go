package book

import (
	"testing"
	"time"
)

// TestPlan: the window shrinks until the least rounds fit the budget. More rounds begin only if there is time.
func TestPlan(t *testing.T) {
	w := &Workload{Takes: 500 * time.Millisecond}
	rows := []row{{w: w, cells: make([]*cell, 100)}}
	for _, tt := range []struct{ budget, want time.Duration }{{time.Hour, mostWindow}, {5 * time.Minute, 400 * time.Millisecond}, {time.Minute, leastWindow}} {
		o := Options{Warmup: 100 * time.Millisecond, Budget: tt.budget}
		if got := o.window(rows); got != tt.want {
			t.Errorf("budget %v: window %v, want %v", tt.budget, got, tt.want)
		}
	}
	for _, tt := range []struct{ left, want time.Duration }{{3 * time.Minute, mostWindow}, {110 * time.Second, 450 * time.Millisecond}, {time.Second, leastWindow}} {
		if got := shorter(mostWindow, 100, 2, time.Minute, tt.left); got != tt.want {
			t.Errorf("two rounds of a minute in %v: window %v, want %v", tt.left, got, tt.want)
		}
	}
	o := Options{}
	for _, tt := range []struct {
		done       int
		took, left time.Duration
		want       bool
	}{{2, time.Minute, 0, true}, {3, time.Minute, time.Second, false}, {3, time.Minute, time.Hour, true}, {MostRounds, time.Second, time.Hour, false}} {
		if got := o.another(tt.done, tt.took, tt.left); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
	if o := (Options{Rounds: 1}); !o.another(0, 0, 0) || o.another(1, 0, time.Hour) {
		t.Error("a number of rounds that is asked for is not kept")
	}
}
