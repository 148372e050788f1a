package uv

import "time"

// A SlowCallback is a callback that took long, as uvgo.WithSlowCallbackHook tells of it. No libuv counterpart.
type SlowCallback struct {
	Loop  string        // the loop's name, see uvgo.WithName
	Kind  HandleKind    // of the handle that the callback was about, KindUnknown for a posted function or a request
	Site  string        // a function's name, or the handle's kind, in debug mode with the place where the handle was made
	Began time.Time     // when it began; if it was without the loop meanwhile (Loop.Block), by so much later
	Took  time.Duration // for how long it held the loop up
}

// A StuckCallback is a callback that still runs, as uvgo.WithStuckCallbackHook tells of it. No libuv counterpart.
type StuckCallback struct {
	Loop  string        // the loop's name, see uvgo.WithName
	Site  string        // the call in the program's own function that the loop has called: "function(file:line)"
	Held  time.Duration // for how long it has held the loop up
	State string        // what its goroutine does, such as "select"; "runnable": it computes, or waits for a processor
	Stack []string      // the calls of its goroutine, the last first, without those of the loop; as Site
}
