package counter

import (
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo/uv"
)

// A Counter is a number that one goroutine at a time changes. The zero Counter is 0.
type Counter struct{ n uint64 }

// Add adds n. It belongs to the writer.
//
//go:norace
func (c *Counter) Add(n uint64) { c.n += n }

// Inc adds 1. It belongs to the writer.
//
//go:norace
func (c *Counter) Inc() { c.n++ }

// Dec subtracts 1. It belongs to the writer.
//
//go:norace
func (c *Counter) Dec() { c.n-- }

// Set replaces the number. It belongs to the writer.
//
//go:norace
func (c *Counter) Set(n uint64) { c.n = n }

// Own returns the number, for the writer, which is the only one that may call it.
//
//go:norace
func (c *Counter) Own() uint64 { return c.n }

// Load returns the number. Any goroutine may call it.
func (c *Counter) Load() uint64 { return atomic.LoadUint64(&c.n) }

// A Histogram counts values by powers of two, as [uv.Histogram] does. The zero Histogram is empty.
type Histogram struct {
	counts [uv.HistogramBuckets]uint64
	sum    uint64
}

// Observe counts a value. It belongs to the writer.
//
//go:norace
func (h *Histogram) Observe(v uint64) {
	h.counts[uv.HistogramBucket(v)]++
	h.sum += v
}

// ObserveDuration counts a time in nanoseconds; a negative one counts as 0. It belongs to the writer.
func (h *Histogram) ObserveDuration(d time.Duration) { h.Observe(uint64(max(d, 0))) }

// Sum returns the sum of the values. Any goroutine may call it.
func (h *Histogram) Sum() uint64 { return atomic.LoadUint64(&h.sum) }

// AddTo adds what was counted to a snapshot. Any goroutine may call it.
func (h *Histogram) AddTo(to *uv.Histogram) {
	for i := range h.counts {
		to.Counts[i] += atomic.LoadUint64(&h.counts[i])
	}
	to.Sum += atomic.LoadUint64(&h.sum)
}
