package bubble

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo/cuv"
)

// A test may run in a bubble (testing/synctest): its goroutines have a clock of
// their own, which stands still while one of them waits for the network, and the
// runtime ends the process if a goroutine outside touches a channel or a timer that
// was made inside. Loops are outside. So goroutines that wait for a loop do it by
// what is made here.

// start is where Monotonic counts from: by Go's clock, and by the system's.
var start, systemStart = time.Now(), cuv.Hrtime()

// lifetime is longer than a process lives. A bubble's clock begins in the year 2000,
// so the time since start is negative there, or longer than this.
const lifetime = 20 * 365 * 24 * time.Hour

// Bubbled tells whether the caller is in a bubble of testing/synctest. Any goroutine
// may call it.
func Bubbled() bool { return uint64(time.Since(start)) >= uint64(lifetime) }

// Monotonic returns the time since the process began, by the real clock also in a
// bubble of testing/synctest. Any goroutine may call it.
func Monotonic() time.Duration {
	if d := time.Since(start); uint64(d) < uint64(lifetime) {
		return d
	}
	return cuv.Hrtime() - systemStart
}

// Go runs fn on a goroutine that is in no bubble of testing/synctest, whoever
// calls. Any goroutine may call it.
func Go(fn func()) {
	if !Bubbled() || cuv.Outside(fn) != nil {
		go fn()
	}
}

// wakes holds channels that were made outside of all bubbles, for callers inside, who
// take them one at a time.
var wakes = struct {
	sync.Mutex
	made chan chan struct{}
}{made: make(chan chan struct{}, 64)}

// NewWake makes a channel with room for one element, which goroutines in and out
// of bubbles of testing/synctest may use together: who receives from it counts as one who
// waits for the network, not as durably blocked. Any goroutine may call it.
func NewWake() chan struct{} {
	if !Bubbled() {
		return make(chan struct{}, 1)
	}
	wakes.Lock()
	defer wakes.Unlock()
	if len(wakes.made) == 0 {
		Go(fillWakes)
	}
	return <-wakes.made
}

// fillWakes makes as many as wakes holds. An earlier one may still be at it.
func fillWakes() {
	for {
		select {
		case wakes.made <- make(chan struct{}, 1):
		default:
			return
		}
	}
}

// An outerContext is a context made in a bubble for a loop that is outside: the
// loop may not look at the context, whose channel is the bubble's.
type outerContext struct {
	context.Context
	err atomic.Pointer[error]
}

// Context returns ctx as a loop may look at it: the loop is outside of all bubbles. Any
// goroutine may call it.
func Context(ctx context.Context) context.Context {
	if ctx.Done() == nil || !Bubbled() {
		return ctx
	}
	c := &outerContext{Context: ctx}
	look := func() {
		if err := ctx.Err(); err != nil {
			c.err.Store(&err)
		}
	}
	look()
	context.AfterFunc(ctx, look)
	return c
}

// Err returns the context's error, once that has ended.
func (c *outerContext) Err() error {
	if err := c.err.Load(); err != nil {
		return *err
	}
	return nil
}
