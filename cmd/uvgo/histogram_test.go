package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestHistogramKnowsQuantilesToOnePercent(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var parts [2]histogram
	var all []time.Duration
	for i := range 100_000 {
		d := time.Duration(math.Exp(rnd.Float64() * math.Log(float64(time.Hour)))) // every magnitude
		parts[i%2].add(d)
		all = append(all, d)
	}
	h := parts[0]
	h.merge(&parts[1])
	slices.Sort(all)
	for _, q := range []float64{0, .001, .5, .9, .99, .999, .9999} {
		want, got := all[int(q*float64(len(all)))], h.quantile(q)
		if math.Abs(float64(got-want)) > .01*float64(want)+.5 {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if h.n != uint64(len(all)) || h.longest != all[len(all)-1] {
		t.Errorf("%d values up to %v, want %d up to %v", h.n, h.longest, len(all), all[len(all)-1])
	}
}

func TestHistogramBucketsFollowEachOther(t *testing.T) {
	last := -1
	for d := time.Duration(0); d < 1<<20; d++ {
		i := bucket(d)
		if i != last && i != last+1 {
			t.Fatalf("%d ns is in bucket %d after bucket %d", d, i, last)
		}
		last = i
	}
	for i := range buckets {
		if got := bucket(middle(i)); got != i {
			t.Fatalf("the middle of bucket %d is in bucket %d", i, got)
		}
	}
}

func TestHistogramTakesEveryDuration(t *testing.T) {
	var h histogram
	if got := h.quantile(.5); got != 0 {
		t.Errorf("quantile of nothing: %v", got)
	}
	h.add(-time.Second)
	h.add(math.MaxInt64)
	if h.n != 2 || h.longest != math.MaxInt64 {
		t.Errorf("%d values up to %v", h.n, h.longest)
	}
}
