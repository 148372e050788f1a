package core

import (
	"fmt"
	"reflect"
	"runtime"
	runtimedebug "runtime/debug"
	"time"

	"github.com/uvgo/uvgo/uv"
)

// slowCallback tells of a callback that has just ended: it took long. who is what the loop called: a function, a Phase, a
// Target or a Deferred, nil if that is unknown. It costs nothing before: the meter has measured the callback anyway.
func (c *Core) slowCallback(who any, took uint64) {
	c.meter.slowCallbacks.Inc()
	hook := c.cfg.SlowHook
	if hook == nil && !c.debug.warn {
		return
	}
	s := uv.SlowCallback{Loop: c.Name(), Kind: c.kindOf(who), Site: callbackName(who), Took: time.Duration(took)}
	if c.debug.warn && !c.debug.slow[s.Site] {
		if c.debug.slow == nil {
			c.debug.slow = make(map[string]bool)
		}
		c.debug.slow[s.Site] = true
		c.Logger().Warn("uvgo: slow callback", "callback", s.Site, "took", s.Took)
	}
	if hook == nil {
		return
	}
	ended := c.meter.began.Own() // as ran has noted it
	s.Began = time.Now().Add(-s.Took - time.Duration(monotonic()-ended))
	defer func() {
		if v := recover(); v != nil {
			c.Logger().Error("uvgo: the hook of slow callbacks panicked", "value", v, "stack", string(runtimedebug.Stack()))
		}
		c.meter.resume(0) // the hook's time is no callback's
	}()
	hook(s)
}

// suspect is what the loop has called, after a panic has taken the stack that knows it; nil if that is unknown.
func (c *Core) suspect() any {
	w := &c.batch
	if c.baton.unsettled { // it has been without the loop, whose batch has gone on
		switch of := c.baton.holder.call.of; {
		case of.phase != nil:
			return of.phase
		case of.target != nil:
			return of.target
		}
		return nil
	}
	switch w.now {
	case phaseCallback:
		return w.run[w.at-1]
	case deferredCallback:
		return w.deferral
	case eventCallback:
		if !w.vacated {
			return c.slots.list[w.event.Slot].target
		}
	case aboutCallback:
		return c.slots.list[w.about].target
	case otherCallback:
		if w.fn != nil {
			return w.fn
		}
	}
	return nil
}

// kindOf returns the kind of the handle that a callback is about.
func (c *Core) kindOf(who any) uv.HandleKind {
	switch v := who.(type) {
	case HandleTarget:
		return v.Handle().Kind()
	case *Phase:
		return v.kind
	case SlotDeferred:
		if slot := v.DeferredSlot(); slot < uint32(len(c.slots.list)) {
			if t, ok := c.slots.list[slot].target.(HandleTarget); ok {
				return t.Handle().Kind()
			}
		}
	}
	return uv.KindUnknown
}

// callbackName names a callback: a function by itself, a handle by its String.
func callbackName(who any) string {
	if t, ok := who.(HandleTarget); ok {
		who = t.Handle()
	}
	switch v := who.(type) {
	case nil:
		return "unknown"
	case fmt.Stringer:
		return v.String()
	case func():
		return runtime.FuncForPC(reflect.ValueOf(v).Pointer()).Name()
	case *Phase:
		return runtime.FuncForPC(reflect.ValueOf(v.Fn).Pointer()).Name()
	}
	return fmt.Sprintf("%T", who)
}
