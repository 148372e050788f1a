package core

import (
	"fmt"
	"time"

	"github.com/uvgo/uvgo/uv"
)

// Configure turns on an option. C function uv_loop_configure.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_loop_configure
func (c *Core) Configure(o uv.LoopOption) error {
	const op = "loop configure"
	if err := c.usable(op); err != nil {
		return err
	}
	if err := c.Check(op); err != nil {
		return err
	}
	switch o {
	case uv.MetricsIdleTime:
		if rc := c.ring.MeasureIdle(); rc < 0 {
			return uv.Check(op, rc)
		}
		c.park.idle.on.Store(true)
		return nil
	case uv.LoopBlockSignal:
		return fmt.Errorf("%w: SIGPROF is the Go profiler's, whose timers count processor time and so never "+
			"interrupt a loop that waits; blocking it would only hand samples to other threads", uv.Fail(op, uv.ENOTSUP))
	case uv.LoopUseIOURingSQPoll:
		return fmt.Errorf("%w: a kernel thread would spin for every loop, and file operations would bypass "+
			"the pool and its Cancel", uv.Fail(op, uv.ENOTSUP))
	}
	return uv.Fail(op, uv.EINVAL)
}

// Metrics returns what the loop has counted so far. C function uv_metrics_info.
//
// https://docs.libuv.org/en/v1.x/metrics.html#c.uv_metrics_info
func (c *Core) Metrics() (m uv.Metrics, err error) {
	const op = "loop metrics"
	if err := c.usable(op); err != nil {
		return m, err
	}
	if err := c.Check(op); err != nil {
		return m, err
	}
	var rc int
	m.LoopCount, m.Events, m.EventsWaiting, rc = c.ring.Metrics()
	m.LoopCount -= c.park.extra
	m.IdleTime = c.IdleTime()
	return m, uv.Check(op, rc)
}

// IdleTime returns how long the loop has waited for events since MetricsIdleTime was
// turned on; zero after Close. Any goroutine may call it. C function
// uv_metrics_idle_time.
//
// https://docs.libuv.org/en/v1.x/metrics.html#c.uv_metrics_idle_time
func (c *Core) IdleTime() time.Duration {
	if c.Closed() {
		return 0
	}
	defer c.waking.wakers.Add(-1)
	if c.waking.wakers.Add(1) <= 0 { // Close is under way or over
		return 0
	}
	return c.ring.IdleTime() + c.park.idle.sum()
}
