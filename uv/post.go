package uv

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A post is a function from another goroutine, and what may cancel it.
type post struct {
	fn  func()
	ctx context.Context
}

// posts is the queue between other goroutines and the loop. Two slices take
// turns, so that a steady state allocates nothing.
type posts struct {
	mu     sync.Mutex
	queue  []post
	closed bool
	n      atomic.Int32 // len(queue), for a look without the lock
}

// shut refuses further posts, unless some wait.
func (q *posts) shut() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.queue) != 0 {
		return false
	}
	q.closed = true
	return true
}

// refuse refuses further posts; those that wait still run.
func (q *posts) refuse() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
}

func (q *posts) reopen() {
	q.mu.Lock()
	q.closed = false
	q.mu.Unlock()
}

// Post queues fn to run on the loop, in order, in its next turn, and wakes the
// loop if it waits. Any goroutine may call it. It fails only after Close.
func (c *Core) Post(fn func()) error { return c.post(post{fn: fn}) }

// PostContext is Post of a function that is skipped if ctx is done by the time
// its turn comes.
func (c *Core) PostContext(ctx context.Context, fn func()) error { return c.post(post{fn, outer(ctx)}) }

func (c *Core) post(p post) error {
	if p.fn == nil || c == nil || c.ring == nil {
		return Check("post", int(EINVAL))
	}
	q := &c.posts
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return &OpError{"post", ErrClosed}
	}
	q.queue = append(q.queue, p)
	q.n.Store(int32(len(q.queue)))
	q.mu.Unlock()
	c.wake()
	return nil
}

// BackendFD returns the descriptor that polls all others, to be polled by a
// foreign loop: from now on it becomes readable also for what is posted while
// the loop does not run. -1 after Close.
func (c *Core) BackendFD() int {
	if c.Closed() {
		return -1
	}
	c.foreign.Store(true)
	return c.ring.BackendFD()
}

// wake ends the loop's wait, if it waits.
func (c *Core) wake() {
	if c.parked.Load() && c.parked.CompareAndSwap(true, false) || c.foreign.Load() && !c.running.Load() {
		if c.wakers.Add(1) > 0 {
			c.interrupt()
		}
		c.wakers.Add(-1)
	}
}

// interrupt makes a wait return. A goroutine parked on Go's netpoller takes no
// system call: its watch gets a deadline.
func (c *Core) interrupt() {
	if c.park != nil && c.running.Load() {
		_ = c.park.SetReadDeadline(past)
		return
	}
	c.ring.Wake()
}

// past is a deadline that ends a wait at once.
var past = time.Unix(1, 0)

// lockOut makes wakers leave the C loop alone, and waits for those at it.
func (c *Core) lockOut() {
	for c.wakers.Add(-lockedOut); c.wakers.Load() > -lockedOut; {
		runtime.Gosched()
	}
}

// lockedOut is far more than there can be wakers.
const lockedOut = 1 << 30

// letIn takes lockOut back.
func (c *Core) letIn() { c.wakers.Add(lockedOut) }

// Wake ends the loop's wait, from any goroutine.
func (c *Core) Wake() {
	if !c.Closed() {
		c.wake()
	}
}

// RefusePosts makes Post fail from now on; what is queued still runs.
func (c *Core) RefusePosts() { c.posts.refuse() }

// AcceptPosts takes RefusePosts back.
func (c *Core) AcceptPosts() { c.posts.reopen() }

// takePosts moves the queued functions into the batch.
func (c *Core) takePosts() {
	q := &c.posts
	if q.n.Load() == 0 || c.work.post < len(c.work.posts) {
		return
	}
	q.mu.Lock()
	c.work.posts, q.queue = q.queue, c.work.posts[:0]
	c.work.post = 0
	q.n.Store(0)
	q.mu.Unlock()
}

// posted tells whether functions wait.
func (c *Core) posted() bool { return c.posts.n.Load() != 0 || c.work.post < len(c.work.posts) }
