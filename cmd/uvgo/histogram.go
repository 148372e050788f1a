package main

import (
	"math/bits"
	"time"
)

// subBits: each power of two has 2^subBits buckets. So values are exact to 1/128, or
// 0.8 %.
const subBits = 7

const (
	subBuckets = 1 << subBits
	buckets    = 36 * subBuckets // up to 2^42 ns, more than an hour
)

// A histogram counts durations in buckets whose width grows with the value. The
// zero value is empty.
type histogram struct {
	n       uint64
	longest time.Duration
	buckets [buckets]uint64
}

// bucket returns the index of a duration's bucket.
func bucket(d time.Duration) int {
	v := uint64(max(d, 0))
	if v < subBuckets {
		return int(v)
	}
	shift := bits.Len64(v) - 1 - subBits
	return min(shift*subBuckets+int(v>>shift), buckets-1)
}

// middle returns the value in the middle of a bucket, which stands for all of its
// values.
func middle(i int) time.Duration {
	if i < 2*subBuckets {
		return time.Duration(i)
	}
	shift := i/subBuckets - 1
	return time.Duration((uint64(i-shift*subBuckets)<<shift + 1<<shift/2))
}

// add counts one duration.
func (h *histogram) add(d time.Duration) {
	h.n++
	h.longest = max(h.longest, d)
	h.buckets[bucket(d)]++
}

// merge adds what another histogram counted.
func (h *histogram) merge(o *histogram) {
	h.n += o.n
	h.longest = max(h.longest, o.longest)
	for i, n := range o.buckets {
		h.buckets[i] += n
	}
}

// quantile returns the duration that the share q of all durations does not exceed, 0 if
// the histogram is empty.
func (h *histogram) quantile(q float64) time.Duration {
	rank := uint64(q * float64(h.n))
	seen := uint64(0)
	for i, n := range h.buckets {
		if seen += n; seen > rank {
			return min(middle(i), h.longest)
		}
	}
	return h.longest
}
