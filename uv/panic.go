package uv

import (
	"fmt"
	"runtime/debug"
)

// A PanicError is a panic of a callback, caught by the loop.
type PanicError struct {
	Value any    // what panic was called with
	Stack []byte // the goroutine's stack at that moment
}

// Error returns the value and the stack.
func (p *PanicError) Error() string {
	if p == nil {
		return "<nil>"
	}
	return fmt.Sprintf("uv: callback panicked: %v\n\n%s", p.Value, p.Stack)
}

// Unwrap returns the value if it is an error.
func (p *PanicError) Unwrap() error {
	if p == nil {
		return nil
	}
	err, _ := p.Value.(error)
	return err
}

// An OpError is a call that Go refuses before libuv is asked, or gives up: Err
// is ErrClosed, ErrRunning, ErrAdopted, ErrNotOwner, ErrOwner, or the error of the
// call's context.
type OpError struct {
	Op  string
	Err error
}

// Error returns the call and the reason.
func (e *OpError) Error() string {
	if e == nil {
		return "<nil>"
	}
	return fmt.Sprintf("%s: %v", e.Op, e.Err)
}

// Unwrap returns the reason.
func (e *OpError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// caught turns a panic into a PanicError and hands it to the handler. Without
// one it becomes the error that ends Run.
func (c *Core) caught(value any) {
	p, ok := value.(*PanicError) // of a goroutine that worked for the loop: its stack tells more
	if !ok {
		p = &PanicError{Value: value, Stack: debug.Stack()}
	}
	if c.cfg.PanicHandler == nil {
		c.work.err = p
		return
	}
	defer func() {
		if v := recover(); v != nil {
			c.Logger().Error("uvgo: the panic handler panicked", "value", v, "while handling", p.Value, "stack", string(p.Stack))
		}
	}()
	c.cfg.PanicHandler(p)
}
