package handles

import (
	"sync/atomic"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// An Async lets any goroutine make the loop call a function. Sends that come before
// the function has run are one call. C type uv_async_t.
//
// https://docs.libuv.org/en/v1.x/async.html
type Async struct {
	handle
	fn   func()
	fire func()      // run, made once
	sent atomic.Bool // a call is queued
	gone atomic.Bool // closing, for other goroutines
}

var _ uv.Handle = (*Async)(nil)

// NewAsync makes an async handle on the loop; it is active until it is closed. fn may
// be nil: then Send only wakes the loop. C function uv_async_init.
//
// https://docs.libuv.org/en/v1.x/async.html#c.uv_async_init
func NewAsync(l uv.Loop, fn func()) (*Async, error) {
	a := &Async{fn: fn}
	a.fire = a.run
	if err := a.open(l, "async init", uv.KindAsync, false, (*asyncTarget)(a)); err != nil {
		return nil, err
	}
	a.set(active)
	return a, nil
}

// Send makes the loop call the function in its next turn, and wakes the loop if it
// waits. Any goroutine may call it, at any time; after Close it is an error. C
// function uv_async_send.
//
// https://docs.libuv.org/en/v1.x/async.html#c.uv_async_send
func (a *Async) Send() error {
	if a.core == nil {
		return uv.Fail("async send", uv.EINVAL)
	}
	if a.gone.Load() {
		return &uv.OpError{Op: "async send", Err: uv.ErrClosed}
	}
	if a.sent.Load() || !a.sent.CompareAndSwap(false, true) { // the load alone leaves the cache line shared
		return nil
	}
	return a.core.Post(a.fire)
}

func (a *Async) run() {
	a.sent.Store(false)
	if a.fn != nil && !a.has(closing) {
		a.fn()
	}
}

// Close starts closing the handle; a send that has not been delivered is dropped. C
// function uv_close.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_close
func (a *Async) Close() error {
	if err := a.handle.Close(); err != nil {
		return err
	}
	a.gone.Store(true)
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
