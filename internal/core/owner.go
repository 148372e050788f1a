package core

import (
	"sync"
	"sync/atomic"

	"github.com/uvgo/uvgo/internal/goroutine"
	"github.com/uvgo/uvgo/uv"
)

// owner is whose goroutine may use the loop.
type owner struct {
	id         atomic.Uintptr // number of the goroutine that alone may, 0: any
	claimed    uintptr        // owner while the loop does not run, see Claim
	complained sync.Map       // what Complain has logged
}

// Owned tells whether the calling goroutine may use the loop: it runs the loop, or
// nobody does. No goroutine may use a nil Core. On processors other than amd64 and arm64 it takes
// long to tell goroutines apart, so there only debug mode looks.
func (c *Core) Owned() bool {
	if c == nil {
		return false
	}
	o := c.owner.id.Load()
	return o == 0 || !goroutine.Cheap && !c.cfg.Debug || o == goroutine.Self()
}

// isSelf tells whether the loop belongs to the calling goroutine.
func (o *owner) isSelf() bool {
	id := o.id.Load()
	return id != 0 && id == goroutine.Self()
}

// Check returns why the calling goroutine must not use the loop: [uv.ErrNotOwner] if
// another one runs it, EINVAL for a nil Core. Every operation that touches the
// loop begins with it or with Owned; op names the call.
func (c *Core) Check(op string) error {
	if c.Owned() {
		return nil
	}
	if c == nil {
		return uv.Fail(op, uv.EINVAL)
	}
	return &uv.OpError{Op: op, Err: uv.ErrNotOwner}
}

// CheckWait returns why the calling goroutine must not wait for the loop:
// [uv.ErrInCallback] in a callback of any loop, which it would hold up.
func (c *Core) CheckWait(op string) error {
	if !c.owner.isSelf() && Running() == nil {
		return nil
	}
	return &uv.OpError{Op: op, Err: uv.ErrInCallback}
}

// BeginWait is the function BeginWait for a wait for this loop, or for something that it does:
// [uv.ErrInCallback] also if the calling goroutine is about to run this loop.
func (c *Core) BeginWait(op string) (Wait, error) {
	w, err := BeginWait(op)
	if err == nil && w.callback == nil && c.owner.isSelf() {
		err = &uv.OpError{Op: op, Err: uv.ErrInCallback}
	}
	return w, err
}

// Complain is for calls that return no error, on a goroutine that may not use the loop. It
// logs the call and where it was made, once for each op. With a nil Core it logs nothing.
func (c *Core) Complain(op string) {
	if c == nil {
		return
	}
	if _, said := c.owner.complained.LoadOrStore(op, true); !said {
		c.Logger().Error("uvgo: call from a goroutine that does not run the loop: it does nothing", "call", op, "caller", Caller())
	}
}

// Use returns the mechanism of a loop on which a handle or request is about to begin.
// EINVAL for no loop or one that no constructor made, ErrClosed for one that is closed,
// ErrNotOwner on a goroutine that does not run it.
func Use(l uv.Loop, op string) (*Core, error) {
	if l == nil {
		return nil, uv.Fail(op, uv.EINVAL)
	}
	c := Of(l)
	if err := c.usable(op); err != nil {
		return nil, err
	}
	return c, c.Check(op)
}

// usable tells whether there is a loop: EINVAL for a zero Core, ErrClosed.
func (c *Core) usable(op string) error {
	if c == nil || c.ring == nil {
		return uv.Fail(op, uv.EINVAL)
	}
	if c.life.closed.Load() {
		return &uv.OpError{Op: op, Err: uv.ErrClosed}
	}
	return nil
}

// Claim makes the loop belong to the calling goroutine while nobody runs it, too, until
// that goroutine calls release. While another goroutine runs the loop, it belongs to that one.
func (c *Core) Claim() (release func()) {
	c.owner.claimed = goroutine.Self()
	c.owner.set(c.owner.claimed)
	return func() {
		c.owner.claimed = 0
		c.owner.set(0)
	}
}

// set makes the goroutine with a number the one that may use the loop. 0: any may; nobody: none.
func (o *owner) set(id uintptr) {
	if id != 0 && id != nobody {
		ownersOf(id).Add(1)
	}
	if old := o.id.Swap(id); old != 0 && old != nobody {
		ownersOf(old).Add(-1)
	}
}

// own makes the calling goroutine the one that may use the loop.
func (c *Core) own() { c.owner.set(goroutine.Self()) }

// disown takes own back.
func (c *Core) disown() { c.owner.set(c.owner.claimed) }
