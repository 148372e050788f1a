package metrics

import (
	"math"

	"github.com/uvgo/uvgo/uv"
)

// A Type says how the values of a metric behave.
type Type int

// The types of metrics.
const (
	Counter   Type = iota // only grows, while the thing that it is about lives
	Gauge                 // is as it is now
	Histogram             // counts values by size
)

var typeNames = [...]string{Counter: "counter", Gauge: "gauge", Histogram: "histogram"}

// String returns Prometheus's name of the type, such as "counter".
func (t Type) String() string {
	if t < 0 || int(t) >= len(typeNames) {
		return "untyped"
	}
	return typeNames[t]
}

// A Family is a metric with all its samples.
type Family struct {
	Name    string // such as "uvgo_loop_turns_total"
	Help    string // one sentence
	Type    Type
	Unit    string // "seconds", "bytes", or "" for a number
	Samples []Sample
}

// A Sample is a value of a metric.
type Sample struct {
	Labels  []Label
	Value   float64  // of a counter or gauge
	Buckets []Bucket // of a histogram
	Sum     float64  // of a histogram's values
	Count   uint64   // of a histogram's values
}

// A Label tells samples of a metric apart.
type Label struct{ Name, Value string }

// A Bucket counts the values of a histogram up to a bound. Those of the buckets before it are included.
type Bucket struct {
	UpTo  float64
	Count uint64
}

// A span is what part of a uv.Histogram is shown: the bounds 2^first to 2^last, times scale.
type span struct {
	first, last int
	scale       float64
}

var (
	times  = span{10, 34, 1e-9} // 1 µs to 17 s, of nanoseconds
	counts = span{0, 13, 1}
)

// sample makes a sample of a histogram.
func (p span) sample(h uv.Histogram, labels []Label) Sample {
	s := Sample{Labels: labels, Sum: float64(h.Sum) * p.scale}
	for i, n := range h.Counts {
		s.Count += n
		if i >= p.first && i <= p.last {
			s.Buckets = append(s.Buckets, Bucket{UpTo: math.Ldexp(p.scale, i), Count: s.Count})
		}
	}
	return s
}
