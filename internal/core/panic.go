package core

import (
	runtimedebug "runtime/debug"

	"github.com/uvgo/uvgo/uv"
)

// caught turns a panic into a PanicError and hands it to the handler. Without
// one it becomes the error that ends Run.
func (c *Core) caught(value any) {
	c.meter.panics.Inc()
	if took := c.meter.ran(); took >= c.meter.slow {
		c.slowCallback(c.suspect(), took)
	}
	c.batch.fn = nil
	c.baton.holder.region = nil     // it does not end: the callback may have left one of its own behind, and regions nest
	p, ok := value.(*uv.PanicError) // of a goroutine that worked for the loop: that goroutine's stack tells more
	if !ok {
		p = &uv.PanicError{Value: value, Stack: runtimedebug.Stack()}
	}
	if c.cfg.PanicHandler == nil {
		if c.batch.err == nil {
			c.batch.err = p
			return
		}
		c.Logger().Error("uvgo: a callback panicked while the run ends because of another's panic", "value", p.Value, "stack", string(p.Stack))
		return
	}
	defer func() {
		if v := recover(); v != nil {
			c.Logger().Error("uvgo: the panic handler panicked", "value", v, "while handling", p.Value, "stack", string(p.Stack))
		}
	}()
	c.cfg.PanicHandler(p)
}
