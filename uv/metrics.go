package uv

import (
	"fmt"
	"time"
)

// A LoopOption is something that Loop.Configure turns on. C type
// uv_loop_option, https://docs.libuv.org/en/v1.x/loop.html#c.uv_loop_option.
type LoopOption int

// The options of libuv's loops; two of them are refused, see Configure.
const (
	MetricsIdleTime      LoopOption = iota // add up the time that the loop waits
	LoopBlockSignal                        // block SIGPROF while the loop polls
	LoopUseIOURingSQPoll                   // have a kernel thread poll for file operations
)

// Metrics are what a loop has counted. C type uv_metrics_t,
// https://docs.libuv.org/en/v1.x/metrics.html.
type Metrics struct {
	LoopCount     uint64        // turns that polled
	Events        uint64        // events that libuv handled
	EventsWaiting uint64        // those of them that waited already when a poll began
	IdleTime      time.Duration // time spent waiting; zero without MetricsIdleTime
}

// Configure turns on an option. C function uv_loop_configure,
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_loop_configure.
func (c *Core) Configure(o LoopOption) error {
	const op = "loop configure"
	if err := c.usable(op); err != nil {
		return err
	}
	if err := c.Check(op); err != nil {
		return err
	}
	switch o {
	case MetricsIdleTime:
		if rc := c.ring.MeasureIdle(); rc < 0 {
			return Check(op, rc)
		}
		c.idleTime.on.Store(true)
		return nil
	case LoopBlockSignal:
		return fmt.Errorf("%w: SIGPROF is the Go profiler's, whose timers count processor time and so never "+
			"interrupt a loop that waits; blocking it would only hand samples to other threads", Check(op, int(ENOTSUP)))
	case LoopUseIOURingSQPoll:
		return fmt.Errorf("%w: a kernel thread would spin for every loop, and file operations would bypass "+
			"the pool and its Cancel", Check(op, int(ENOTSUP)))
	}
	return Check(op, int(EINVAL))
}

// Metrics returns what the loop has counted so far. C function uv_metrics_info,
// https://docs.libuv.org/en/v1.x/metrics.html#c.uv_metrics_info.
func (c *Core) Metrics() (m Metrics, err error) {
	const op = "loop metrics"
	if err := c.usable(op); err != nil {
		return m, err
	}
	if err := c.Check(op); err != nil {
		return m, err
	}
	var rc int
	m.LoopCount, m.Events, m.EventsWaiting, rc = c.ring.Metrics()
	m.LoopCount -= c.extra
	m.IdleTime = c.IdleTime()
	return m, Check(op, rc)
}

// IdleTime returns how long the loop has waited for events since
// MetricsIdleTime was turned on; zero after Close. Any goroutine may call it.
// C function uv_metrics_idle_time,
// https://docs.libuv.org/en/v1.x/metrics.html#c.uv_metrics_idle_time.
func (c *Core) IdleTime() time.Duration {
	if c.Closed() {
		return 0
	}
	defer c.wakers.Add(-1)
	if c.wakers.Add(1) <= 0 { // Close is under way or over
		return 0
	}
	return c.ring.IdleTime() + c.idleTime.sum()
}
