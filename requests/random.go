package requests

import (
	"context"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/await"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/submit"
	"github.com/uvgo/uvgo/uv"
)

// A Random fills a buffer from the system's random source. C type uv_random_t.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_random_t
type Random struct {
	req  submit.Request
	loop *core.Core // for Cancel: the core of req is nil once the request has ended
	fn   func(p []byte, err error)
	c    cuv.Random
	buf  []byte
	lent *submit.Pins // a pointer: the list of pins in use must not keep the loop alive
	done bool
}

// randomTarget is a Random as the loop knows it.
type randomTarget Random

var _ core.Target = (*randomTarget)(nil)

// FillRandom fills p with random bytes at once. E2BIG for more than 2 GiB. C
// function uv_random.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_random
func FillRandom(p []byte) error { return uv.Check("random", cuv.RandomFill(p)) }

// StartRandom fills p with random bytes on the thread pool; p is lent until fn
// runs, which gets it back. EINVAL for a nil fn and for memory that a read
// callback borrowed, E2BIG for more than 2 GiB. C function uv_random.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_random
func StartRandom(l uv.Loop, p []byte, fn func(p []byte, err error)) (*Random, error) {
	if fn == nil {
		return nil, uv.Fail("random", uv.EINVAL)
	}
	core, err := core.Use(l, "random")
	if err != nil {
		return nil, err
	}
	if core.Ring().InArena(p) { // the arena is reused before the thread writes
		return nil, uv.Fail("random", uv.EINVAL)
	}
	r := &Random{loop: core, fn: fn, buf: p, lent: new(submit.Pins)}
	r.req.Begin(core, (*randomTarget)(r), "random", nil)
	r.lent.Pin(p)
	c, rc := core.Ring().NewRandom(p, r.req.Slot, r.req.Gen)
	if rc < 0 {
		r.lent.Release()
		r.req.End()
		return nil, uv.Check("random", rc)
	}
	r.c = c
	return r, nil
}

// StartRandomBytes is [StartRandom] of n bytes that fn then owns. EINVAL for a
// negative n. C function uv_random.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_random
func StartRandomBytes(l uv.Loop, n int, fn func(p []byte, err error)) (*Random, error) {
	switch {
	case n < 0:
		return nil, uv.Fail("random", uv.EINVAL)
	case n > maxRandom: // before so much is allocated
		return nil, uv.Fail("random", uv.E2BIG)
	}
	return StartRandom(l, make([]byte, n), fn)
}

// maxRandom is how many bytes one request of libuv fills at most.
const maxRandom = 1<<31 - 1

// RandomBytesContext returns n random bytes to goroutines other than the loop's,
// while the loop runs. When ctx ends it returns at once, with ctx's error. C
// function uv_random.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_random
func RandomBytesContext(ctx context.Context, l uv.Loop, n int) ([]byte, error) {
	return await.Do(ctx, l, "random", nil, nil, func(fn func([]byte, error)) (*Random, error) {
		return StartRandomBytes(l, n, fn)
	})
}

// Cancel cancels the request if no thread has begun it: fn then gets uv.ECANCELED. EBUSY
// if a thread has, also after fn has run. C function
// uv_cancel.
//
// https://docs.libuv.org/en/v1.x/request.html#c.uv_cancel
func (r *Random) Cancel() error {
	if r == nil || r.loop == nil {
		return uv.Fail("cancel random", uv.EINVAL)
	}
	if err := r.loop.Check("cancel random"); err != nil {
		return err
	}
	if r.done {
		return uv.Fail("cancel random", uv.EBUSY)
	}
	return uv.Check("cancel random", r.c.Cancel())
}

// Complete gives the buffer back. C type uv_random_cb.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_random_cb
func (r *randomTarget) Complete(ev *cuv.Event) {
	rc := int(ev.Status)
	r.c.Free()
	r.lent.Release()
	fn, p := r.fn, r.buf
	r.req.End()
	r.done, r.c, r.fn, r.buf = true, cuv.Random{}, nil, nil
	fn(p, uv.Check(r.req.Op, rc))
}
