package core

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/uvgo/uvgo/internal/bubble"
	"github.com/uvgo/uvgo/uv"
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
func (c *Core) PostContext(ctx context.Context, fn func()) error {
	if ctx == nil {
		return uv.Fail("post", uv.EINVAL)
	}
	return c.post(post{fn, bubble.Context(ctx)})
}

func (c *Core) post(p post) error {
	if p.fn == nil || c == nil || c.ring == nil {
		return uv.Fail("post", uv.EINVAL)
	}
	q := &c.posts
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return &uv.OpError{Op: "post", Err: uv.ErrClosed}
	}
	q.queue = append(q.queue, p)
	q.n.Store(int32(len(q.queue)))
	q.mu.Unlock()
	c.wake()
	return nil
}

// RefusePosts makes Post fail from now on; what is queued still runs.
func (c *Core) RefusePosts() { c.posts.refuse() }

// AcceptPosts takes RefusePosts back.
func (c *Core) AcceptPosts() { c.posts.reopen() }

// collectPosts moves the queued functions into the batch.
func (c *Core) collectPosts() {
	q := &c.posts
	if q.n.Load() == 0 || c.batch.post < len(c.batch.posts) {
		return
	}
	q.mu.Lock()
	c.batch.posts, q.queue = q.queue, c.batch.posts[:0]
	c.batch.post = 0
	q.n.Store(0)
	q.mu.Unlock()
}

// posted tells whether functions wait.
func (c *Core) posted() bool { return c.posts.n.Load() != 0 || c.batch.post < len(c.batch.posts) }
