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

// HandleKinds is more than there are kinds of handles.
const HandleKinds = 32

// Stats is a snapshot of what a loop has done and is doing. Counts only grow, until the loop is closed, and stay as they
// are from then on. The loop goes on while they are read, so they are not all from one moment. No libuv counterpart.
type Stats struct {
	Turns   uint64 // crossings that ran libuv
	Events  uint64 // events that they brought
	Flushes uint64 // crossings that only handed over operations early

	// EventsPerTurn counts turns by how many events they brought.
	EventsPerTurn Histogram
	// CallbackTime counts callbacks by how long they ran, in nanoseconds. A function of Block or Lend counts only while the loop waits for it.
	CallbackTime Histogram
	// Lag counts turns by how long they kept the loop from looking for new events, in nanoseconds: what comes meanwhile waits
	// for so long. It is the time from one look to the next, without what the loop has waited. Its Sum is the
	// time that the loop was busy.
	Lag Histogram
	// Idle is how long the loop has waited for events while it ran.
	Idle time.Duration

	Queued   uint64              // functions of Post that wait now
	Handles  [HandleKinds]uint64 // handles that are open now, by kind
	Requests uint64              // requests that are under way now

	Unsent uint64 // bytes of writes that the kernel has not taken yet; a write counts until all of it is sent

	Lent    uint64 // callbacks that might block, which were called while the loop stood by (handlers of uvhttp)
	Taken   uint64 // those of them that were slow, so that the loop went on without them
	Blocks  uint64 // callbacks that blocked while the loop went on: Taken ones, and those of Block
	Blocked uint64 // callbacks that do now

	SlowCallbacks uint64 // callbacks that took longer than WithSlowCallback allows, or 100 ms
	// StuckCallbacks counts callbacks that WithWatchdog has found while they ran. Those that ended between two looks are SlowCallbacks only.
	StuckCallbacks uint64
	Panics         uint64 // callbacks that panicked
}

// Crossings returns how often Go has called C for the loop's turns.
func (s Stats) Crossings() uint64 { return s.Turns + s.Flushes }

// Busy returns how long the loop was busy: in callbacks, in C, or waiting for a processor.
func (s Stats) Busy() time.Duration { return time.Duration(s.Lag.Sum) }

// IdleFraction returns which part of the time that the loop ran it waited for events: 0 to 1, and 1 for a loop that never ran.
func (s Stats) IdleFraction() float64 {
	if s.Idle+s.Busy() <= 0 {
		return 1
	}
	return float64(s.Idle) / float64(s.Idle+s.Busy())
}

// OpenHandles returns how many handles are open, of all kinds.
func (s Stats) OpenHandles() (n uint64) {
	for _, k := range s.Handles {
		n += k
	}
	return n
}

// Add returns what both have counted: several loops together.
func (s Stats) Add(o Stats) Stats {
	s.EventsPerTurn = s.EventsPerTurn.Add(o.EventsPerTurn)
	s.CallbackTime = s.CallbackTime.Add(o.CallbackTime)
	s.Lag = s.Lag.Add(o.Lag)
	for i, n := range o.Handles {
		s.Handles[i] += n
	}
	s.Idle += o.Idle
	s.Turns += o.Turns
	s.Events += o.Events
	s.Flushes += o.Flushes
	s.Queued += o.Queued
	s.Requests += o.Requests
	s.Unsent += o.Unsent
	s.Lent += o.Lent
	s.Taken += o.Taken
	s.Blocks += o.Blocks
	s.Blocked += o.Blocked
	s.SlowCallbacks += o.SlowCallbacks
	s.StuckCallbacks += o.StuckCallbacks
	s.Panics += o.Panics
	return s
}
