package uv

import "fmt"

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
