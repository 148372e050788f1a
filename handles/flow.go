package handles

import "github.com/uvgo/uvgo/uv"

// The watermarks of a stream for which SetWatermarks was not called, in bytes.
const (
	DefaultHighWater = 256 << 10
	DefaultLowWater  = DefaultHighWater / 4
)

// A flow is a stream's flow control. A stream has one from the first call of
// SetWatermarks, OnDrain or Full on: others pay a comparison for each write.
//
//	          written above high                  next turn: queue above low
//	flowing ─────────────────────▶ looking ─────────────────────────────────▶ over
//	   ▲                              │ next turn: queue at low                 │ bytes left or
//	   └──────────────────────────────┴──────────── onDrain ◀───────────────────┘ failed, queue at low
type flow struct {
	s         *stream
	low, high int
	onDrain   func()
	turn      uint64 // the turn that recent counts from
	recent    int    // bytes written in that turn
	state     flowState
}

type flowState uint8

const (
	flowing flowState = iota
	looking           // above the high watermark: the next turn looks what the kernel left of it
	over              // more than the low watermark is queued
)

// controlled returns the stream's flow control, and begins it. What is buffered
// already counts.
func (s *stream) controlled() *flow {
	if s.flow == nil {
		s.flow = &flow{s: s, low: DefaultLowWater, high: DefaultHighWater}
		s.flow.wrote(0)
	}
	return s.flow
}

// SetWatermarks sets how many unsent bytes make the stream Full, and at how many
// Drain follows: DefaultHighWater and DefaultLowWater without it. They bind no
// write, and hold for what is written from now on. EINVAL unless 0 ≤ low ≤ high.
// No libuv counterpart.
func (s *stream) SetWatermarks(low, high int) error {
	if err := s.use("set watermarks"); err != nil {
		return err
	}
	if low < 0 || low > high {
		return s.fail("set watermarks", uv.EINVAL)
	}
	if s.flow == nil {
		s.flow = &flow{s: s}
	}
	s.flow.low, s.flow.high = low, high
	s.flow.wrote(0)
	return nil
}

// Full tells whether the writer had better stop until OnDrain's function runs:
// the high watermark has been passed, by what is unsent or by what was written in
// this turn alone, however fast the kernel takes it. Once it was true that
// function runs, unless the stream is closed first. False on a closed stream.
// No libuv counterpart.
func (s *stream) Full() bool {
	return s.mine("full") && s.c != nil && !s.has(closing) && s.controlled().state != flowing
}

// OnDrain sets the function that runs when the stream was Full and may be written
// to again: the queue is at the low watermark, in the next turn at the earliest.
// It runs also when what was queued has failed: then the next Write says so. nil
// for none. No libuv counterpart.
func (s *stream) OnDrain(fn func()) {
	if s.mine("on drain") && s.c != nil && !s.has(closing) {
		s.controlled().onDrain = fn
	}
}

// wrote counts n bytes.
func (f *flow) wrote(n int) {
	if turn := f.s.core.Round(); turn != f.turn {
		f.turn, f.recent = turn, 0
	}
	f.recent += n
	if f.state == flowing && (f.recent > f.high || f.s.Buffered() > f.high) {
		f.state = looking
		f.s.core.Defer((*look)(f))
	}
}

// A look is a flow that is to be looked at, in the turn after the one that passed
// the high watermark. The kernel may have taken everything by then, of which
// libuv reports nothing.
type look flow

// Deliver looks.
func (l *look) Deliver() {
	f := (*flow)(l)
	if f.s.has(closing) {
		return
	}
	f.state = over
	if f.s.Buffered() == 0 || f.s.WriteQueueSize() <= f.low { // not Buffered: only what is queued is reported when it leaves
		f.drained()
	}
}

// written looks at the queue again: bytes of it have left or failed.
func (f *flow) written() {
	if f.state == over && !f.s.has(closing) && int(f.s.c.Queued) <= f.low {
		f.drained()
	}
}

// drained lets the writer go on.
func (f *flow) drained() {
	f.state = flowing
	if f.onDrain != nil {
		f.onDrain()
	}
}
