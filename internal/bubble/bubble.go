package bubble

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo/cuv"
)

// start is where Monotonic counts from: by Go's clock, and by the system's.
var start, systemStart = time.Now(), cuv.Hrtime()

// lifetime is longer than a process lives. A bubble's clock begins in the year 2000,
// so the time since start is negative there, or longer than this.
const lifetime = 20 * 365 * 24 * time.Hour

// Bubbled tells whether the caller is in a bubble of testing/synctest.
func Bubbled() bool { return uint64(time.Since(start)) >= uint64(lifetime) }

// Monotonic returns the time since the process began, by the real clock also in a
// bubble.
func Monotonic() time.Duration {
	if d := time.Since(start); uint64(d) < uint64(lifetime) {
		return d
	}
	return cuv.Hrtime() - systemStart
}

// Go runs fn on a goroutine that is in no bubble, even if the caller is in one.
func Go(fn func()) {
	if !Bubbled() || cuv.Outside(fn) != nil {
		go fn()
	}
}

// wakes holds channels that were made outside of all bubbles. A caller inside takes one.
var wakes = struct {
	sync.Mutex
	made chan chan struct{}
}{made: make(chan chan struct{}, 64)}

// NewWake makes a channel with a buffer of one element, which goroutines inside and
// outside of bubbles may use together. A goroutine that receives from it counts as one
// that waits for the network, not as durably blocked.
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

// fillWakes fills wakes. An earlier call may still do the same.
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

// Context returns ctx in a form that a loop may look at, which is outside of all bubbles.
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
