package core

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/uvgo/uvgo/uv"
)

// running are the loops that run now, to find the one whose callback a goroutine is in. The
// first have a place each, which costs no lock. The others are in a list.
var running struct {
	places [32]atomic.Pointer[Core]
	used   atomic.Int32 // places that have ever been used
	others atomic.Int32 // len(list)

	mu   sync.RWMutex
	list []*Core
}

// enterRunning notes that a loop runs.
func enterRunning(c *Core) {
	for i := range running.places {
		if running.places[i].CompareAndSwap(nil, c) {
			for used := running.used.Load(); int(used) <= i; used = running.used.Load() {
				running.used.CompareAndSwap(used, int32(i)+1)
			}
			c.place = i
			return
		}
	}
	c.place = len(running.places)
	running.mu.Lock()
	running.list = append(running.list, c)
	running.others.Add(1)
	running.mu.Unlock()
}

// leaveRunning notes that a loop runs no longer.
func leaveRunning(c *Core) {
	if c.place < len(running.places) {
		running.places[c.place].Store(nil)
		return
	}
	running.mu.Lock()
	i := slices.Index(running.list, c)
	running.list = slices.Delete(running.list, i, i+1)
	running.others.Add(-1)
	running.mu.Unlock()
}

// Running returns the loop whose callback the calling goroutine runs, nil for none. A
// function of Block or Lend is no callback, once the loop has gone on without it.
func Running() *Core {
	for i := range running.used.Load() {
		if c := running.places[i].Load(); c != nil && c.owner.isSelf() {
			return c
		}
	}
	if running.others.Load() == 0 {
		return nil
	}
	running.mu.RLock()
	defer running.mu.RUnlock()
	for _, c := range running.list {
		if c.owner.isSelf() {
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
