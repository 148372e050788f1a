package core

import (
	"context"
	runtimedebug "runtime/debug"
	"runtime/pprof"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo/internal/bubble"
	"github.com/uvgo/uvgo/uv"
)

// A Lent is a function that Lend calls. It is an interface so that Lend needs no closure.
type Lent interface{ RunLent() }

// lend is the state of Lend.
type lend struct {
	state   atomic.Uint64 // of the latest Lend: isLent or isTaken, and above these bits its number
	inside  atomic.Uint64 // state of the Lend whose function has the baton, as Lend stored it; 0 if no such function has it
	watched atomic.Bool   // the watcher looks at this loop
	seen    uint64        // the watcher's: the state that it saw last
	quiet   int           // the watcher's: looks in a row without a Lend
}

// The states of Lend's function.
const (
	isLent   = 1 // it runs, with the baton
	isTaken  = 2 // it runs without the baton
	lentMask = 3
)

// Lend calls f.RunLent, which should be quick but may be slow, on the calling goroutine. While it
// is quick nothing else happens. Once it has run for a millisecond or two, the loop goes on
// without it, as in Block: then Lend returns true. So f must touch nothing of the loop but Post. A loop that cannot be
// lent is held up by f. No libuv counterpart.
func (c *Core) Lend(f Lent) (slow bool) {
	if c == nil || !c.lendable() {
		f.RunLent()
		return false
	}
	if inside, holds := c.holds(); !holds || inside != 0 { // in the function of another Lend
		f.RunLent()
		return false
	}
	state := c.lend.state.Load()
	if c.cfg.Debug {
		defer c.owner.set(c.owner.id.Load())
		c.owner.set(nobody)
	}
	r := c.baton.holder
	c.meter.lent.Inc()
	state = state&^lentMask + lentMask + 1 + isLent
	c.lend.inside.Store(state)
	c.lend.state.Store(state)
	if !c.lend.watched.Load() {
		watch(c)
	}
	returned := false
	defer func() {
		var p *uv.PanicError
		if !returned {
			if v := recover(); v != nil { // the stack tells where, as long as it is not unwound
				p = &uv.PanicError{Value: v, Stack: runtimedebug.Stack()}
			}
		}
		slow = c.unlend(r, state)
		if p != nil {
			panic(p)
		}
		if r.exited = !returned; r.exited {
			c.task = nil // nobody is left to say that its callback has ended
		}
	}()
	f.RunLent()
	returned = true
	return false
}

// unlend ends Lend, and takes the baton back if somebody has taken it. It tells whether the watcher has.
func (c *Core) unlend(r *runner, state uint64) (slow bool) {
	if c.lend.state.CompareAndSwap(state, state-isLent) {
		c.lend.inside.Store(0)
		return false
	}
	c.resume(r)
	slow, r.seized = r.seized, false
	return slow
}

// LentGoexit tells whether Run's goroutine has ended because a function of Lend called runtime.Goexit.
// The loop can be run again, on another goroutine: it goes on behind that function. A guest that such a function
// ends needs no care.
func (c *Core) LentGoexit() bool {
	home := c.baton.home
	exited := home != nil && home.exited
	if exited {
		home.exited = false
	}
	return exited
}

// LentExits tells a deferred function of a callback whether the callback's goroutine ends because a function of Lend called
// runtime.Goexit. The caller knows that the callback has not returned.
func (c *Core) LentExits() bool {
	r := c.baton.holder
	return r != nil && r.exited
}

// Takes is how often a function of Lend turned out slow, so that the loop went on without it.
func (c *Core) Takes() uint64 { return c.baton.takes.Load() }

// holds tells whether the calling goroutine runs a callback of the loop with the baton, and the state that Lend stored if it is
// in a function of Lend. The watcher may take the baton from such a function at any time. It changes
// the owner before it clears inside, so the goroutine is the owner behind the look only if inside was its own.
func (c *Core) holds() (inside uint64, holds bool) {
	if !c.inCallback() {
		return 0, false
	}
	inside = c.lend.inside.Load()
	return inside, c.owner.isSelf()
}

// take takes the baton from the function of the Lend that stored state. False: somebody has taken it already.
func (l *lend) take(state uint64) bool { return l.state.CompareAndSwap(state, state-isLent+isTaken) }

// watcher looks at loops that lend. Its goroutine ends when there are none.
var watcher struct {
	sync.Mutex
	loops   []*Core
	running bool
}

const (
	watchEvery = time.Millisecond // how often the watcher looks
	watchQuiet = 100              // looks at a loop that no longer lends
)

// watch makes the watcher look at a loop.
func watch(c *Core) {
	watcher.Lock()
	defer watcher.Unlock()
	if c.lend.watched.Swap(true) {
		return
	}
	c.lend.quiet = 0
	watcher.loops = append(watcher.loops, c)
	if !watcher.running {
		watcher.running = true
		bubble.Go(watchLoops)
	}
}

// watchLoops looks at the loops until none lends any more.
func watchLoops() {
	pprof.SetGoroutineLabels(context.Background()) // not those of the loop that has started it
	for {
		time.Sleep(watchEvery)
		watcher.Lock()
		watcher.loops = slices.DeleteFunc(watcher.loops, func(c *Core) bool { return !c.watchOnce() })
		watcher.running = len(watcher.loops) > 0
		running := watcher.running
		watcher.Unlock()
		if !running {
			return
		}
	}
}

// watchOnce takes the baton from a function that has run since the last look. It tells
// whether the loop is to be looked at again.
func (c *Core) watchOnce() bool {
	l := &c.lend
	state := l.state.Load()
	switch {
	case state != l.seen:
		l.seen, l.quiet = state, 0
	case state&lentMask == isLent:
		if l.take(state) {
			c.owner.set(nobody) // at once: the function may call Block meanwhile
			c.baton.takes.Add(1)
			c.baton.holder.seized = true
			c.suspend()
		}
	case l.quiet < watchQuiet:
		l.quiet++
	default:
		l.watched.Store(false) // before the last look, as Lend stores its state before it looks here
		if l.state.Load() == state {
			return false
		}
		l.watched.Store(true)
	}
	return true
}
