package core

import (
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// Attach makes the host's loop run this one. It comes before anything else is done
// with the loop. Not with Config.ParkOnGo: EINVAL. C functions uv_backend_fd and
// uv_poll_start.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_backend_fd
func (c *Core) Attach(h cuv.Host) error {
	if c.park.file != nil {
		return uv.Fail("adopt", uv.EINVAL)
	}
	c.waking.foreign.Store(true) // posts wake the host's poll
	c.life.adopted = true
	return uv.Check("adopt", c.ring.Attach(h, c.hostTurn))
}

// Adopted tells whether a host runs the loop.
func (c *Core) Adopted() bool { return c != nil && c.life.adopted }

// hostTurn is one turn on the host's thread. What others post or stop while it
// runs does not wake the host: the host looks for it after the turn.
func (c *Core) hostTurn() (again, stop bool) {
	if c.Begin("turn") != nil {
		return false, false // a Shutdown elsewhere runs it
	}
	c.ClearInterrupt()
	err := func() error {
		defer c.End()
		return c.Turn(false, false)
	}()
	if err != nil {
		panic(err) // there is no Run that could return it
	}
	stop = c.Stopped()
	return c.waiting(), stop
}
