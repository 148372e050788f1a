package handles

import "github.com/uvgo/uvgo/uv"

// The watermarks of a stream for which SetWatermarks was not called, in bytes.
const (
	DefaultHighWater = 256 << 10
	DefaultLowWater  = DefaultHighWater / 4
)

// Watermarks bound a stream's unsent bytes: above High it is full, at or below Low it has
// drained. 0 ≤ Low ≤ High.
type Watermarks struct{ Low, High int }

// valid tells whether the bounds make sense.
func (m *Watermarks) valid() bool { return 0 <= m.Low && m.Low <= m.High }

// A Flow is a stream's flow control. A stream has one from the first call of SetWatermarks,
// OnDrain, Full or [Base.ControlFlow] on; to others it costs a comparison for each write.
//
//	          written above High                  next turn: queue above Low
//	flowing ─────────────────────▶ looking ─────────────────────────────────▶ over
//	   ▲                              │ next turn: queue at Low                 │ bytes left or
//	   └──────────────────────────────┴───────────── Drain ◀────────────────────┘ failed, queue at Low
//
// The state belongs to the goroutine that runs the loop. A write leads from flowing to
// looking; the loop makes all other transitions: at the next turn's begin, and when it
// reports bytes that left the queue. Once the stream closes, the state stays as it is.
type Flow struct {
	marks  *Watermarks
	target StreamTarget // nil: nobody is told
	recent uint32       // bytes written in the turn of moment, or the most that fits
	moment uint32       // the number of that turn, but for its highest bits, and the state in the lowest bits
}

// flowState is a state of a Flow.
type flowState uint8

const (
	flowing   flowState = iota
	looking             // above High: the next turn looks how much of it the kernel left
	over                // more than Low is queued
	stateMask           // the bits of Flow.moment that hold the state
)

func (f *Flow) state() flowState         { return flowState(f.moment & uint32(stateMask)) }
func (f *Flow) setState(state flowState) { f.moment = f.moment&^uint32(stateMask) | uint32(state) }

// A StreamTarget is told what happens to a stream: see [Base.ControlFlow]. The loop calls it
// on its goroutine.
type StreamTarget interface {
	// Read gets what ReadStart's function would, after [Base.ReadStartTarget].
	Read(p []byte, err error)
	// Over says that the kernel has left more than the low watermark queued: a program
	// that answers what it reads stops reading until Drain. It is not called once the stream
	// closes.
	Over()
	// Drain says that the stream, which was full, may be written to again. It is not called
	// once the stream closes.
	Drain()
	// WriteFailed says that queued bytes could not be sent. It is not called once the stream
	// closes.
	WriteFailed(err error)
	// Closed says that libuv is done with the stream: it comes behind OnClose's function.
	Closed()
}

// A drainFunc is the StreamTarget that OnDrain makes of its function.
type drainFunc func()

func (fn drainFunc) Read([]byte, error) {} // not called: OnDrain comes without ReadStartTarget
func (fn drainFunc) Over()              {}
func (fn drainFunc) Drain()             { fn() }
func (fn drainFunc) WriteFailed(error)  {} // the next Write returns it
func (fn drainFunc) Closed()            {}

// ControlFlow makes f the stream's flow control, with the bounds marks, and has t, which
// may be nil, told of it. The stream uses f and marks until its close event; many streams may
// share marks. This is for packages that build on streams: f can lie in a struct that they
// have for each stream. What is buffered already counts. EINVAL for a nil f, or unless
// marks has 0 ≤ Low ≤ High. No libuv counterpart.
func (b *Base) ControlFlow(f *Flow, marks *Watermarks, t StreamTarget) error {
	s := (*stream)(b)
	if err := s.use("control flow"); err != nil {
		return err
	}
	if f == nil || marks == nil || !marks.valid() {
		return s.fail("control flow", uv.EINVAL)
	}
	*f = Flow{marks: marks, target: t}
	s.flow = f
	f.wrote(s, 0)
	return nil
}

// Full tells whether the high watermark was passed and Drain has not followed; see
// [TCP.Full]. It may be called after the close, too, and belongs to the loop's goroutine. No
// libuv counterpart.
func (f *Flow) Full() bool { return f != nil && f.state() != flowing }

// Over tells whether StreamTarget.Over was called and Drain has not followed yet. It
// belongs to the loop's goroutine. No libuv counterpart.
func (f *Flow) Over() bool { return f != nil && f.state() == over }

// controlled returns the stream's flow control, and begins it. What is buffered
// already counts.
func (s *stream) controlled() *Flow {
	if s.flow == nil {
		s.flow = &Flow{marks: &Watermarks{DefaultLowWater, DefaultHighWater}}
		s.flow.wrote(s, 0)
	}
	return s.flow
}

// SetWatermarks sets above how many unsent bytes the stream is Full (high), and at how many
// the function of OnDrain runs (low). Without this call they are DefaultHighWater and
// DefaultLowWater. No write fails because of them. They apply to what is written from now on. EINVAL unless 0 ≤ low ≤ high.
// No libuv counterpart.
func (s *stream) SetWatermarks(low, high int) error {
	if err := s.use("set watermarks"); err != nil {
		return err
	}
	marks := &Watermarks{low, high}
	if !marks.valid() {
		return s.fail("set watermarks", uv.EINVAL)
	}
	if s.flow == nil {
		s.flow = new(Flow)
	}
	s.flow.marks = marks // a new one: streams may share the old one
	s.flow.wrote(s, 0)
	return nil
}

// Full tells whether the high watermark was passed: by what is unsent, or by what was
// written in this turn alone, however fast the kernel accepts it. A program that has more to
// write then waits for OnDrain's function, which runs once Full was true unless the stream is
// closed first. False on a closed stream. No libuv counterpart.
func (s *stream) Full() bool {
	return s.owned("full") && s.c != nil && !s.has(closing) && s.controlled().Full()
}

// OnDrain sets the function that runs when the stream was Full and may be written
// to again: the queue is at the low watermark, in the next turn at the earliest.
// It runs also when what was queued has failed: then the next Write returns the error. nil
// sets none. No libuv counterpart.
func (s *stream) OnDrain(fn func()) {
	if !s.owned("on drain") || s.c == nil || s.has(closing) {
		return
	}
	if s.has(reading) && s.read == nil { // the target that it would replace reads
		return
	}
	f := s.controlled()
	if f.target = nil; fn != nil {
		f.target = drainFunc(fn)
	}
}

// wrote counts n bytes.
func (f *Flow) wrote(s *stream, n int) {
	if turn := uint32(s.core.Round()) * uint32(stateMask+1); turn != f.moment&^uint32(stateMask) {
		f.moment, f.recent = turn|f.moment&uint32(stateMask), 0
	}
	f.recent = saturate(f.recent, n)
	if high := f.marks.High; f.state() == flowing && (int(f.recent) > high || s.unsent() > high) {
		f.setState(looking)
		s.core.Defer((*look)(s))
	}
}

// A look is a stream whose queue is to be looked at, in the turn after the one that
// passed the high watermark. The kernel may have accepted everything by then, which
// libuv does not report.
type look stream

// Deliver looks.
func (l *look) Deliver() {
	s := (*stream)(l)
	f := s.flow
	if s.has(closing) || f.state() != looking { // ControlFlow may have begun anew
		return
	}
	// Not unsent alone: the loop reports only what leaves libuv's queue.
	if s.unsent() == 0 || s.c.WriteQueueSize() <= f.marks.Low {
		f.drained()
		return
	}
	if f.setState(over); f.target != nil {
		f.target.Over()
	}
}

// written looks at the queue again: bytes of it have left or, with a negative status, failed.
func (f *Flow) written(s *stream, status int) {
	if status < 0 && f.target != nil {
		f.target.WriteFailed(s.check("write", status))
	}
	if f.state() == over && !s.has(closing) && int(s.c.Queued) <= f.marks.Low {
		f.drained()
	}
}

// drained lets the writer go on.
func (f *Flow) drained() {
	f.setState(flowing)
	if f.target != nil {
		f.target.Drain()
	}
}
