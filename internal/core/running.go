package core

import (
	"sync"
	"sync/atomic"

	"github.com/uvgo/uvgo/internal/goroutine"
	"github.com/uvgo/uvgo/uv"
)

// running are the loops that run now, to find the one whose callback a goroutine is in.
var running struct {
	sync.RWMutex
	loops []*Core
}

// enterRunning notes that a loop runs.
func enterRunning(c *Core) {
	running.Lock()
	c.place = len(running.loops)
	running.loops = append(running.loops, c)
	running.Unlock()
}

// leaveRunning notes that a loop runs no longer.
func leaveRunning(c *Core) {
	running.Lock()
	last := len(running.loops) - 1
	moved := running.loops[last]
	running.loops[c.place], moved.place = moved, c.place
	running.loops[last] = nil
	running.loops = running.loops[:last]
	running.Unlock()
}

// owners counts the loops that belong to goroutines, by a hash of the goroutine's number. Nearly
// every goroutine that waits runs no callback. It finds a 0 here, however many loops run, and
// asks none of them.
var owners [4096]atomic.Int32

// ownersOf returns the count for a goroutine's number.
func ownersOf(id uintptr) *atomic.Int32 {
	return &owners[uint64(id)*0x9e3779b97f4a7c15>>52]
}

// Running returns the loop whose callback the calling goroutine runs, nil for none. A
// function of Block or Lend is no callback, once the loop has gone on without it.
func Running() *Core {
	id := goroutine.Self()
	if ownersOf(id).Load() == 0 {
		return nil
	}
	running.RLock()
	defer running.RUnlock()
	for _, c := range running.loops {
		if c.owner.id.Load() == id {
			return c
		}
	}
	return nil
}

// A Wait is a wait of a goroutine that may run a callback of a loop.
type Wait struct{ callback *Core }

// BeginWait tells whether the calling goroutine may wait: [uv.ErrInCallback] in a callback of a
// loop that cannot be lent, which it would hold up. op names the call in the error.
func BeginWait(op string) (Wait, error) {
	c := Running()
	if c != nil && !c.lendable() {
		return Wait{}, &uv.OpError{Op: op, Err: uv.ErrInCallback}
	}
	return Wait{c}, nil
}

// For calls fn, which waits. In a callback its loop is lent meanwhile.
func (w Wait) For(fn func()) {
	if w.callback == nil {
		fn()
		return
	}
	_ = w.callback.Block("wait", fn) // BeginWait has seen that it can
}

// Receive receives from ch as For does, without a closure for the usual case.
func (w Wait) Receive(ch <-chan struct{}) {
	if w.callback == nil {
		<-ch
		return
	}
	w.For(func() { <-ch })
}
