package uv

import (
	"math"
	"math/bits"
)

// HistogramBuckets is how many ranges of values a Histogram has.
const HistogramBuckets = 41

// A Histogram says how often values of different sizes occurred. Its ranges are powers of two. Times are in nanoseconds.
// The zero Histogram is empty. No libuv counterpart.
type Histogram struct {
	// Counts[0] counts the values up to 1, Counts[i] those above 2^(i-1) up to 2^i. The last one counts all that
	// are larger than 2^39, too: 2^40 ns are 18 minutes.
	Counts [HistogramBuckets]uint64
	Sum    uint64 // of all values
}

// HistogramBucket returns the index in Counts of a value.
func HistogramBucket(v uint64) int {
	return min(bits.Len64(max(v, 1)-1), HistogramBuckets-1)
}

// Count returns how many values there were.
func (h Histogram) Count() (n uint64) {
	for _, c := range h.Counts {
		n += c
	}
	return n
}

// Mean returns the mean of the values, 0 if there were none.
func (h Histogram) Mean() float64 {
	n := h.Count()
	if n == 0 {
		return 0
	}
	return float64(h.Sum) / float64(n)
}

// Quantile estimates the value below which the fraction q of the values lie, with 0 ≤ q ≤ 1, as Prometheus's
// histogram_quantile does: as if the values were spread evenly over their range. 0 if there were none.
func (h Histogram) Quantile(q float64) float64 {
	total := h.Count()
	if total == 0 || math.IsNaN(q) {
		return 0
	}
	rank := min(max(q, 0), 1) * float64(total)
	below := 0.0
	for i, c := range h.Counts {
		if n := float64(c); c > 0 && below+n >= rank {
			low, high := 0.0, math.Ldexp(1, i)
			if i > 0 {
				low = high / 2
			}
			return low + (high-low)*(rank-below)/n
		}
		below += float64(c)
	}
	return math.Ldexp(1, HistogramBuckets-1)
}

// Add returns the counts of both together.
func (h Histogram) Add(o Histogram) Histogram {
	for i, c := range o.Counts {
		h.Counts[i] += c
	}
	h.Sum += o.Sum
	return h
}

// Sub returns the counts of the values since o, an earlier snapshot of the same histogram.
func (h Histogram) Sub(o Histogram) Histogram {
	for i, c := range o.Counts {
		h.Counts[i] -= c
	}
	h.Sum -= o.Sum
	return h
}
