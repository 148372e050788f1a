package core

import "testing"

// BenchmarkPost tells what a posted function takes, from Post to its end, where nobody contends for the loop: 1, and 1,000 a turn.
func BenchmarkPost(b *testing.B) {
	for _, n := range []int{1, 1000} {
		b.Run(map[int]string{1: "one", 1000: "thousand"}[n], func(b *testing.B) {
			c := newCore(b, Config{})
			c.meter.enter()
			defer c.meter.leave()
			fn := func() {}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := c.Post(fn); err != nil {
					b.Fatal(err)
				}
				if i%n == n-1 {
					c.collectPosts()
					c.runBatch()
				}
			}
			c.collectPosts()
			c.runBatch()
		})
	}
}
