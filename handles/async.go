package handles

import (
	"sync/atomic"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// An Async lets any goroutine make the loop call a function. Several calls of Send
// before the function has run make one call of it. C type uv_async_t.
//
// https://docs.libuv.org/en/v1.x/async.html
type Async struct {
	handle
	fn     func()
	runFn  func()      // the method value run, made once so that Send allocates nothing
	queued atomic.Bool // a call of runFn is posted and has not begun
	closed atomic.Bool // Close was called: Send looks here, since the flags are the loop's
}

var _ uv.Handle = (*Async)(nil)

// NewAsync makes an async handle on the loop; it is active until it is closed. fn may
// be nil: then Send only wakes the loop. C function uv_async_init.
//
// https://docs.libuv.org/en/v1.x/async.html#c.uv_async_init
func NewAsync(l uv.Loop, fn func()) (*Async, error) {
	a := &Async{fn: fn}
	a.runFn = a.run
	if err := a.open(l, "async init", uv.KindAsync, false, (*asyncTarget)(a)); err != nil {
		return nil, err
	}
	a.set(active)
	return a, nil
}

// Send makes the loop call the function in its next turn, and wakes the loop if it
// waits. Any goroutine may call it, at any time. After Close it fails. C function
// uv_async_send.
//
// https://docs.libuv.org/en/v1.x/async.html#c.uv_async_send
func (a *Async) Send() error {
	if a.core == nil {
		return uv.Fail("async send", uv.EINVAL)
	}
	if a.closed.Load() {
		return &uv.OpError{Op: "async send", Err: uv.ErrClosed}
	}
	if a.queued.Load() || !a.queued.CompareAndSwap(false, true) { // Load first: a failed swap would take the cache line from other cores
		return nil
	}
	return a.core.Post(a.runFn)
}

func (a *Async) run() {
	a.queued.Store(false) // before fn: a Send during fn makes another call
	if a.fn != nil && !a.has(closing) {
		a.fn()
	}
}

// Close starts closing the handle. The function does not run any more, even if Send was
// called. C function uv_close.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_close
func (a *Async) Close() error {
	if err := a.handle.Close(); err != nil {
		return err
	}
	a.closed.Store(true)
	return nil
}

// complete handles the handle's events. C type uv_async_cb.
//
// https://docs.libuv.org/en/v1.x/async.html#c.uv_async_cb
func (a *Async) complete(ev *cuv.Event) {
	if ev.Kind == cuv.EvClose {
		a.fn = nil
		a.finish()
	}
}
