package uvfs

import (
	"context"
	"sync/atomic"

	"github.com/uvgo/uvgo/internal/bubble"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// The states of a call.
const (
	pending   = iota
	finished  // the result is there
	abandoned // the caller's context has ended, and the caller has gone
)

// A call is one operation and the goroutine that waits for it.
type call[T any] struct {
	state atomic.Uint32
	done  chan struct{} // receives once, when the call has finished
	v     T
	err   error

	start starter[T]
	op    requests.FS
	end   func()  // runs once, when the operation is over or will not begin
	drop  func(T) // disposes of a result that nobody waits for, on the loop
}

// A starter begins an operation on the loop's goroutine.
type starter[T any] func(fn func(T, error)) (requests.FS, error)

// await runs an operation and waits for it or the end of ctx, whichever comes
// first. end and drop may be nil.
func await[T any](ctx context.Context, f *FS, end func(), drop func(T), start starter[T]) (v T, err error) {
	if err = ctx.Err(); err == nil && core.InCallback() {
		err = uv.ErrInCallback
	}
	c := &call[T]{done: bubble.NewWake(), start: start, end: end, drop: drop}
	switch {
	case err != nil:
	case f == nil:
		err = uv.EINVAL
	default:
		err = f.core.Post(c.begin)
	}
	if err != nil {
		if end != nil {
			end()
		}
		return v, err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		if c.state.CompareAndSwap(pending, abandoned) {
			_ = f.core.Post(c.cancel) // refused by a loop that is closing: then it ends by itself
			return v, ctx.Err()
		}
		<-c.done
	}
	return c.v, c.err
}

// begin runs on the loop.
func (c *call[T]) begin() {
	if c.state.Load() == abandoned {
		c.over()
		return
	}
	op, err := c.start(c.finish)
	if err != nil {
		var zero T
		c.finish(zero, err)
		return
	}
	c.op = op
}

// cancel runs on the loop after begin, by the order of posting.
func (c *call[T]) cancel() { _ = c.op.Cancel() }

// finish runs on the loop, once.
func (c *call[T]) finish(v T, err error) {
	c.over()
	c.v, c.err = v, err
	if c.state.CompareAndSwap(pending, finished) {
		c.done <- struct{}{}
	} else if err == nil && c.drop != nil {
		c.drop(v)
	}
}

func (c *call[T]) over() {
	if c.end != nil {
		c.end()
	}
}

// do is await of an operation that has no result.
func do(ctx context.Context, f *FS, end func(), start func(fn func(error)) (requests.FS, error)) error {
	_, err := await(ctx, f, end, nil, func(fn func(struct{}, error)) (requests.FS, error) {
		return start(func(err error) { fn(struct{}{}, err) })
	})
	return err
}
