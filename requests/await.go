package requests

import (
	"context"

	"github.com/uvgo/uvgo/internal/bubble"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// await runs a request for a goroutine that is not the loop's: start runs on the
// loop and hands the outcome to its function. When ctx ends first the caller
// goes on at once; cancel then runs on the loop, unless the request has ended,
// and what it still brings is dropped.
func await[T any](ctx context.Context, l uv.Loop, op string, start func(func(T, error)) (cancel func() error, err error)) (T, error) {
	var none T
	core := core.Of(l)
	if core == nil {
		return none, uv.Check(op, int(uv.EINVAL))
	}
	if err := ctx.Err(); err != nil {
		return none, &uv.OpError{Op: op, Err: err}
	}
	if err := core.CheckWait(op); err != nil {
		return none, err
	}
	var ( // the loop's until ended says otherwise
		value   T
		failure error
		done    bool
		cancel  func() error
	)
	ended := bubble.NewWake()
	finish := func(v T, err error) {
		value, failure, done = v, err, true
		ended <- struct{}{}
	}
	err := core.PostContext(ctx, func() {
		var err error
		if cancel, err = start(finish); err != nil {
			finish(none, err)
		}
	})
	if err != nil {
		return none, &uv.OpError{Op: op, Err: uv.ErrClosed}
	}
	select {
	case <-ended:
		return value, failure
	case <-ctx.Done():
		_ = core.Post(func() { // behind the first function, if that ran at all
			if cancel != nil && !done {
				_ = cancel()
			}
		})
		return none, &uv.OpError{Op: op, Err: ctx.Err()}
	}
}
