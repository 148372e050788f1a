package await

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/uvgo/uvgo/internal/bubble"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// The states of a call:
//
//	pending ──▶ finished    by the loop: value and err are written before
//	   └──────▶ abandoned   by the caller, whose context has ended: it returns, and the
//	                        loop cancels the operation or drops its result
const (
	pending = iota
	finished
	abandoned
)

// An Operation is what a start returns: the operation under way.
type Operation interface {
	// Cancel cancels the operation if it is not too late. It runs on the loop's
	// goroutine, also on the zero value, when the start has failed.
	Cancel() error
}

// A call is one operation and the goroutine that waits for it.
type call[T any, O Operation] struct {
	state atomic.Uint32
	done  chan struct{} // receives once, when the state becomes finished
	value T
	err   error

	start func(done func(T, error)) (O, error)
	op    O
	end   func()
	drop  func(T)
}

// Do starts an operation on the loop's goroutine and waits for its result or the end of
// ctx, whichever comes first. A context that ends makes Do return at once with the
// context's error: the operation is cancelled if it has not begun, and otherwise goes on
// by itself.
//
// end, if not nil, runs once: when the operation is over, which may be long after Do has
// returned, or when it is certain that it will not begin. drop, if not nil, gets a result
// whose caller has gone. Both run on the loop, but for an end of what Do refuses.
//
// In a callback of any loop, that loop is lent while Do waits; see uvgo.Loop.Block.
//
// Do refuses, without a start: a context that has ended; EINVAL for a nil context
// and for a loop that no constructor made; ErrInCallback in a callback of a loop that cannot be
// lent, and on a goroutine that is about to run this loop; ErrClosed for a closed loop. op names
// the call in these errors.
func Do[T any, O Operation](ctx context.Context, l uv.Loop, op string, end func(), drop func(T), start func(done func(T, error)) (O, error)) (T, error) {
	c := &call[T, O]{done: bubble.NewWake(), start: start, end: end, drop: drop}
	wait, err := c.post(ctx, l, op)
	if err != nil {
		c.over()
		return c.value, err
	}
	abandons := false
	wait.For(func() { abandons = c.wait(ctx) })
	if abandons {
		_ = l.Post(c.cancel) // a closing loop refuses: the operation then ends uncancelled
		var none T           // value is the loop's
		return none, &uv.OpError{Op: op, Err: ctx.Err()}
	}
	return c.value, c.err
}

// wait waits for the result, or for the end of ctx: then it returns true, unless the result
// has come meanwhile.
func (c *call[T, O]) wait(ctx context.Context) (abandons bool) {
	select {
	case <-c.done:
		return false
	case <-ctx.Done():
	}
	if c.state.CompareAndSwap(pending, abandoned) {
		return true
	}
	<-c.done
	return false
}

// post hands the call to the loop, unless the caller must not wait for it.
func (c *call[T, O]) post(ctx context.Context, l uv.Loop, op string) (w core.Wait, err error) {
	loop := core.Of(l)
	if loop == nil {
		return w, uv.Fail(op, uv.EINVAL)
	}
	if ctx == nil {
		return w, uv.Fail(op, uv.EINVAL)
	}
	if err := ctx.Err(); err != nil {
		return w, &uv.OpError{Op: op, Err: err}
	}
	if w, err = loop.BeginWait(op); err != nil {
		return w, err
	}
	err = loop.Post(c.begin)
	if errors.Is(err, uv.ErrClosed) {
		return w, &uv.OpError{Op: op, Err: uv.ErrClosed}
	}
	return w, err
}

// begin runs on the loop.
func (c *call[T, O]) begin() {
	if c.state.Load() == abandoned {
		c.over()
		return
	}
	op, err := c.start(c.finish)
	if err != nil {
		var none T
		c.finish(none, err)
		return
	}
	c.op = op
}

// cancel runs on the loop, behind begin, since functions run in the order of posting.
func (c *call[T, O]) cancel() { _ = c.op.Cancel() }

// finish runs on the loop, once.
func (c *call[T, O]) finish(v T, err error) {
	c.over()
	c.value, c.err = v, err
	if c.state.CompareAndSwap(pending, finished) {
		c.done <- struct{}{}
	} else if err == nil && c.drop != nil {
		c.drop(v)
	}
}

func (c *call[T, O]) over() {
	if c.end != nil {
		c.end()
	}
}
