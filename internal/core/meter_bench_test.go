package core

import "testing"

// BenchmarkMeter tells what the accounting of a callback costs, and that of a turn: looks at the clock, and counts.
func BenchmarkMeter(b *testing.B) {
	b.Run("callback", func(b *testing.B) {
		c := newCore(b, Config{})
		c.meter.enter()
		for b.Loop() {
			c.meter.ran()
		}
		c.meter.leave()
	})
	b.Run("turn", func(b *testing.B) {
		c := newCore(b, Config{})
		c.meter.enter()
		for b.Loop() {
			c.meter.depart()
			c.meter.arrive(1, 0, false)
		}
		c.meter.leave()
	})
}
