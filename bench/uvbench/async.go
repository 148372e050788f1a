package main

import (
	"sync/atomic"

	"github.com/uvgo/uvgo/handles"
)

const threads = 4

// asyncPummel: goroutines call Send. Several sends may make one callback.
func asyncPummel(b *bench) func() int {
	const sends = 4000000
	var running atomic.Int32
	running.Store(threads)
	var async *handles.Async
	async = must(b.NewAsync(func() {
		if running.Load() == 0 {
			check(async.Close())
		}
	}))
	b.start()
	for range threads {
		go func() {
			for range sends / threads {
				check(async.Send())
			}
			running.Add(-1)
			check(async.Send())
		}()
	}
	return func() int { return sends }
}

// postPummel: n goroutines post functions.
func postPummel(b *bench, n int) func() int {
	const posts = 400000
	ran := 0
	open := must(b.NewAsync(func() {})) // keeps the loop alive
	count := func() {
		if ran++; ran == posts {
			check(open.Close())
		}
	}
	b.start()
	for range n {
		go func() {
			for range posts / n {
				check(b.Post(count))
			}
		}()
	}
	return func() int { return ran }
}
