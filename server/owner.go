package server

import (
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// use checks a call of the handler's: EINVAL for a Conn that no server made, ErrNotOwner on
// a goroutine that does not run its loop, ErrClosed once the loop has been closed, for then
// it belongs to nobody.
func (c *Conn) use(op string) error {
	if c == nil || c.worker == nil {
		return uv.Fail(op, uv.EINVAL)
	}
	if c.worker.ended.Load() {
		return &uv.OpError{Op: op, Err: uv.ErrClosed}
	}
	if c.worker.loop.Owned() {
		return nil
	}
	return core.Of(c.worker.loop).Check(op)
}

// mine is use for calls that have no error to return.
func (c *Conn) mine(op string) bool {
	if c == nil || c.worker == nil {
		return false
	}
	if c.worker.loop.Owned() {
		return true
	}
	core.Of(c.worker.loop).Complain(op)
	return false
}
