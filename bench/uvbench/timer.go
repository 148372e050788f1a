package main

import (
	"context"
	"log"
	"time"

	"github.com/uvgo/uvgo/handles"
)

// loopCount: turns that only run one idle callback.
func loopCount(b *bench) func() int {
	const ticks = 1000000
	n := 0
	idle := must(b.NewIdle())
	check(idle.Start(func() {
		if n++; n == ticks {
			check(idle.Stop())
		}
	}))
	b.start()
	return func() int { return n }
}

// timerStartStop: each of a thousand timers is started and stopped in each turn.
func timerStartStop(b *bench) func() int {
	const restarts = 10000000
	never := func() { log.Panic("a stopped timer fires") }
	var timers [1000]*handles.Timer
	for i := range timers {
		timers[i] = must(b.NewTimer())
	}
	idle := must(b.NewIdle())
	n := 0
	check(idle.Start(func() {
		for i, t := range timers {
			check(t.Start(time.Second+time.Duration(i)*time.Millisecond, 0, never))
			check(t.Stop())
		}
		if n += len(timers); n == restarts {
			check(idle.Stop())
		}
	}))
	b.start()
	return func() int { return n }
}

// millionTimers makes, starts and fires a million timers, and closes them.
func millionTimers(b *bench) func() int {
	const count = 1000000
	fired := 0
	fn := func() { fired++ }
	b.start()
	timers := make([]*handles.Timer, count)
	var timeout time.Duration
	for i := range timers {
		if i%1000 == 0 {
			timeout += time.Millisecond
		}
		timers[i] = must(b.NewTimer())
		check(timers[i].Start(timeout, 0, fn))
	}
	return func() int {
		for _, t := range timers {
			check(t.Close())
		}
		check(b.Run(context.Background()))
		if fired != count {
			log.Panicf("%d of %d timers fired", fired, count)
		}
		return count
	}
}
