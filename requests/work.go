package requests

import (
	"context"
	"errors"
	"runtime/debug"

	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// A Work is a function that runs on a goroutine of a bounded pool and completes
// on the loop. It is what uv_work_t is in C.
//
// https://docs.libuv.org/en/v1.x/threadpool.html#c.uv_work_t
type Work struct {
	core *core.Core
	ctx  context.Context // nil: none
	stop func() bool     // ends the watch of ctx, nil: none
	fn   func(context.Context) error
	done func(error)

	next, prev *Work // in the pool's queue; its lock guards next, prev and queued
	queued     bool
	err        error
}

// StartWork runs fn on a goroutine, and then done on the loop with fn's error;
// done may be nil. At most as many run at a time, over all loops, as
// [WorkLimit] says; the others wait in a queue. The loop stays alive until done
// has run. A panic of fn reaches done as a [*uv.PanicError], and then the loop,
// as if done had panicked. EINVAL for a nil fn. The counterpart of
// uv_queue_work.
//
// https://docs.libuv.org/en/v1.x/threadpool.html#c.uv_queue_work
func StartWork(l uv.Loop, fn func() error, done func(err error)) (*Work, error) {
	if fn == nil {
		return nil, uv.Fail("work", uv.EINVAL)
	}
	return startWork(context.Background(), l, func(context.Context) error { return fn() }, done)
}

// StartWorkContext is [StartWork] of a function that gets ctx. If ctx ends while
// the work is in the queue, fn does not run, and done gets ctx's error. No libuv
// counterpart.
func StartWorkContext(ctx context.Context, l uv.Loop, fn func(ctx context.Context) error, done func(err error)) (*Work, error) {
	return startWork(ctx, l, fn, done)
}

func startWork(ctx context.Context, l uv.Loop, fn func(context.Context) error, done func(error)) (*Work, error) {
	if fn == nil {
		return nil, uv.Fail("work", uv.EINVAL)
	}
	core, err := core.Use(l, "work")
	if err != nil {
		return nil, err
	}
	w := &Work{core: core, ctx: ctx, fn: fn, done: done}
	core.Hold()
	workers.add(w)
	if ctx != nil && ctx.Done() != nil {
		workers.watch(w)
	}
	return w, nil
}

// Cancel cancels the work if it is in the queue: done then gets uv.ECANCELED. EBUSY if the
// work runs or has run. Any goroutine may call it. C
// function uv_cancel.
//
// https://docs.libuv.org/en/v1.x/request.html#c.uv_cancel
func (w *Work) Cancel() error {
	if w == nil {
		return uv.Fail("cancel work", uv.EINVAL)
	}
	if !workers.remove(w) {
		return uv.Fail("cancel work", uv.EBUSY)
	}
	w.end(uv.Fail("work", uv.ECANCELED))
	return nil
}

// abandon ends a work whose context ended while it was in the queue.
func (w *Work) abandon() {
	if workers.remove(w) {
		w.end(w.ctx.Err())
	}
}

// errGoexit is the error of a function that called runtime.Goexit.
var errGoexit = errors.New("uv: work called runtime.Goexit")

// run calls fn on a goroutine of the pool. It ends the work also when fn panics or calls
// runtime.Goexit.
func (w *Work) run() {
	returned := false
	var err error
	defer func() {
		if !returned {
			if v := recover(); v != nil {
				err = &uv.PanicError{Value: v, Stack: debug.Stack()}
			} else {
				err = errGoexit // Goexit continues behind this function
			}
		}
		w.end(err)
	}()
	ctx := w.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	if err = ctx.Err(); err == nil { // the watch of ctx may not have run yet
		err = w.fn(ctx)
	}
	returned = true
}

// end hands the outcome to the loop. Post cannot fail: the work holds the loop, which
// therefore is not closed before complete has run.
func (w *Work) end(err error) {
	w.err = err
	_ = w.core.Post(w.complete)
}

// complete runs on the loop.
func (w *Work) complete() {
	if w.stop != nil {
		w.stop()
	}
	w.core.Drop()
	done, err := w.done, w.err
	w.core, w.ctx, w.fn, w.done = nil, nil, nil, nil
	if done != nil {
		done(err)
	}
	if p, ok := err.(*uv.PanicError); ok {
		panic(p)
	}
}
