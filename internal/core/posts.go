package core

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/uvgo/uvgo/internal/bubble"
	"github.com/uvgo/uvgo/uv"
)

// posts is the queue between other goroutines and the loop: a list of chunks. The loop takes the whole list,
// and gives the chunks back when it has run what is in them. So a steady state allocates nothing, a long queue is never
// copied, and what a burst needed goes back to Go.
type posts struct {
	mu          sync.Mutex
	first, last *postChunk
	free        *postChunk // chunks for use again
	spare       int        // how many
	n           int        // functions that wait
	closed      bool
	waiting     atomic.Bool // n is not 0, for a look without the lock
}

// A postChunk is some functions from other goroutines in their order.
type postChunk struct {
	fns  [postsInChunk]func()
	ctxs *[postsInChunk]context.Context // what may cancel them; made for the first function that has one
	n    int                            // functions
	next *postChunk
}

const (
	postsInChunk = 253 // so that a chunk takes 2 KiB
	spareChunks  = 16  // that are kept: 4,048 functions
)

// add puts a function behind the others. The caller has the lock.
func (q *posts) add(fn func(), ctx context.Context) {
	c := q.last
	if c == nil || c.n == postsInChunk {
		c = q.chunk()
	}
	c.fns[c.n] = fn
	if ctx != nil {
		if c.ctxs == nil {
			c.ctxs = new([postsInChunk]context.Context)
		}
		c.ctxs[c.n] = ctx
	}
	c.n++
	if q.n++; q.n == 1 {
		q.waiting.Store(true)
	}
}

// chunk puts an empty chunk behind the others.
func (q *posts) chunk() *postChunk {
	c := q.free
	if c == nil {
		c = new(postChunk)
	} else {
		q.free, c.next = c.next, nil
		q.spare--
	}
	if q.last == nil {
		q.first = c
	} else {
		q.last.next = c
	}
	q.last = c
	return c
}

// take returns all that waits, nil for nothing, and gets the chunks of done for use again.
func (q *posts) take(done *postChunk) (first *postChunk) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for done != nil && q.spare < spareChunks {
		next := done.next
		done.n, done.next = 0, q.free
		q.free = done
		q.spare++
		done = next
	}
	first, q.first, q.last, q.n = q.first, nil, nil, 0
	q.waiting.Store(false)
	return first
}

// shut refuses further posts, unless some wait.
func (q *posts) shut() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n != 0 {
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
func (c *Core) Post(fn func()) error { return c.post(fn, nil) }

// PostContext is Post of a function that is skipped if ctx is done by the time
// its turn comes.
func (c *Core) PostContext(ctx context.Context, fn func()) error {
	if ctx == nil {
		return uv.Fail("post", uv.EINVAL)
	}
	return c.post(fn, bubble.Context(ctx))
}

func (c *Core) post(fn func(), ctx context.Context) error {
	if fn == nil || c == nil || c.ring == nil {
		return uv.Fail("post", uv.EINVAL)
	}
	q := &c.posts
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return &uv.OpError{Op: "post", Err: uv.ErrClosed}
	}
	q.add(fn, ctx)
	q.mu.Unlock()
	c.wake()
	return nil
}

// RefusePosts makes Post fail from now on; what is queued still runs.
func (c *Core) RefusePosts() { c.posts.refuse() }

// AcceptPosts takes RefusePosts back.
func (c *Core) AcceptPosts() { c.posts.reopen() }

// collectPosts moves the queued functions into the batch, unless some of the last ones are still there.
func (c *Core) collectPosts() {
	w := &c.batch
	if w.posts == nil && c.posts.waiting.Load() {
		w.posts = c.posts.take(w.posted)
		w.posted, w.kept = nil, 0
	}
}

// nextPost takes the batch's next posted function, and the context that may cancel it, nil for none. The chunk forgets both:
// a function that has run must not keep its captures alive.
func (w *batch) nextPost() (fn func(), ctx context.Context) {
	c := w.posts
	fn, c.fns[w.post] = c.fns[w.post], nil
	if c.ctxs != nil {
		ctx, c.ctxs[w.post] = c.ctxs[w.post], nil
	}
	if w.post++; w.post == c.n {
		w.posts, w.post = c.next, 0
		if c.next = w.posted; w.kept < spareChunks {
			w.posted = c
			w.kept++
		}
	}
	return fn, ctx
}

// posted tells whether functions wait.
func (c *Core) posted() bool { return c.posts.waiting.Load() || c.batch.posts != nil }
