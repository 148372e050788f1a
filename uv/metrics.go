package uv

import "time"

// A LoopOption is something that Loop.Configure turns on. C type uv_loop_option.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_loop_option
type LoopOption int

// The options of libuv's loops; two of them are refused, see Configure.
const (
	MetricsIdleTime      LoopOption = iota // add up the time that the loop waits
	LoopBlockSignal                        // block SIGPROF while the loop polls
	LoopUseIOURingSQPoll                   // have a kernel thread poll for file operations
)

// Metrics are what a loop has counted. C type uv_metrics_t.
//
// https://docs.libuv.org/en/v1.x/metrics.html
type Metrics struct {
	LoopCount     uint64        // turns that polled
	Events        uint64        // events that libuv handled
	EventsWaiting uint64        // those of them that waited already when a poll began
	IdleTime      time.Duration // time spent waiting; zero without MetricsIdleTime
}

// Stats counts what a loop has done.
type Stats struct {
	Turns   uint64 // crossings that ran libuv
	Events  uint64 // events that they brought
	Flushes uint64 // crossings that only handed over operations early
}
