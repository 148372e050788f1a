package requests

import (
	"context"

	"github.com/uvgo/uvgo/uv"
)

// await runs a request for a goroutine that is not the loop's: start runs on the
// loop and hands the outcome to its function. When ctx ends first the caller
// goes on at once; cancel then runs on the loop, unless the request has ended,
// and what it still brings is dropped.
func await[T any](ctx context.Context, l uv.Loop, op string, start func(func(T, error)) (cancel func() error, err error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	var none T
	if l == nil || l.Core() == nil {
		return none, uv.Check(op, int(uv.EINVAL))
	}
	if err := ctx.Err(); err != nil {
		return none, &uv.OpError{Op: op, Err: err}
	}
	core := l.Core()
	if err := core.CheckForeign(op); err != nil {
		return none, err
	}
	ended := make(chan outcome, 1)
	var cancel func() error // the loop's, like done
	done := false
	err := core.PostContext(ctx, func() {
		var err error
		cancel, err = start(func(value T, err error) {
			done = true
			ended <- outcome{value, err}
		})
		if err != nil {
			done = true
			ended <- outcome{err: err}
		}
	})
	if err != nil {
		return none, &uv.OpError{Op: op, Err: uv.ErrClosed}
	}
	select {
	case o := <-ended:
		return o.value, o.err
	case <-ctx.Done():
		_ = core.Post(func() { // behind the first function, if that ran at all
			if cancel != nil && !done {
				_ = cancel()
			}
		})
		return none, &uv.OpError{Op: op, Err: ctx.Err()}
	}
}
