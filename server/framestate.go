package server

import (
	"sync"

	"github.com/uvgo/uvgo/internal/core"
)

// frames are the bytes of a connection's frames that were read and not handed out. A
// connection without any shares the idle one of its framer, so it has no buffer.
//
//	       the beginning of a frame              the rest of it
//	idle ───────────────────────────▶ unfinished ─────────────▶ idle
//	  │                                    │
//	  │ Pause, or Full                     │ Pause, or Full
//	  └────────────▶ stalled ◀─────────────┘
//	                    │ Resume, Drain: the next turn hands out what is left
//	                    └────────────────────────────────▶ idle or unfinished
//
// A stalled connection is not read. Everything belongs to the loop.
type frames struct {
	framer  *framer
	buf     []byte
	off     int  // bytes of buf that are used up; 0 unless stalled
	stalled bool // buf may have whole frames, which the handler does not take now
	ended   bool // and behind them comes the peer's EOF
}

// framesPool has the frames of connections that are idle again.
var framesPool = sync.Pool{New: func() any { return new(frames) }}

// maxPooled bounds the buffers in the pool, so that few large frames do not make all large.
const maxPooled = 4 << 10

// own returns s, or if s is idle one that c alone has.
func (s *frames) own(c *Conn) *frames {
	if s != &s.framer.idle {
		return s
	}
	own := framesPool.Get().(*frames)
	own.framer = s.framer
	c.frames = own
	return own
}

// discard drops the first n bytes.
func (s *frames) discard(n int) {
	s.buf = s.buf[:copy(s.buf, s.buf[n:])]
	s.off = 0
}

// dropFrames makes the connection idle.
func (c *Conn) dropFrames() {
	s := c.frames
	if s == nil || s == &s.framer.idle {
		return
	}
	c.frames = &s.framer.idle
	buf := s.buf[:0]
	if cap(buf) > maxPooled {
		buf = nil
	}
	*s = frames{buf: buf}
	framesPool.Put(s)
}

// stalled tells whether frames wait for the handler.
func (c *Conn) stalled() bool { return c.frames != nil && c.frames.stalled }

// wakeFrames makes the next turn hand out what is left, if the handler takes it.
func (c *Conn) wakeFrames() {
	if !c.is(framesDue) && c.takesFrames() {
		c.facts |= framesDue
		c.worker.loop.Defer((*stalledFrames)(c))
	}
}

// stalledFrames are a connection whose frames have stalled.
type stalledFrames Conn

var _ core.SlotDeferred = (*stalledFrames)(nil)

// DeferredSlot makes the delivery one of the stream's events: while Frame blocks, reads and the
// close wait.
func (t *stalledFrames) DeferredSlot() uint32 { return t.stream.DeferredSlot() }

// Deliver hands out the frames that are left.
func (t *stalledFrames) Deliver() {
	c := (*Conn)(t)
	c.facts &^= framesDue
	s := c.frames
	if !s.stalled || !c.takesFrames() || c.is(scanning) { // a callback that has blocked goes on by itself
		return
	}
	used, end := s.rescan(c, s.ended)
	s.off += used
	switch {
	case end == scanClosed:
		c.dropFrames()
		return
	case end == scanStalled && (s.off < len(s.buf) || s.ended):
		return
	}
	s.stalled = false
	if s.discard(s.off); len(s.buf) == 0 || s.ended {
		ended := s.ended
		c.dropFrames()
		if ended {
			c.peerEnded()
			return
		}
	}
	c.setReading()
	c.closeIfIdle()
}

// rescan hands out the frames that are left, and tells how many bytes they have used up. ended says that the peer's
// EOF is behind them.
func (s *frames) rescan(c *Conn, ended bool) (used int, end scanEnd) {
	w := c.worker
	returned, scan := false, w.scans.begin(c)
	defer func() { c.exitedFrames(&returned, scan, ended) }()
	w.enter(c)
	left := s.buf[s.off:]
	used, end = s.framer.scan(c, scan, left, len(left), ended)
	w.leave()
	returned = true
	return used, end
}

// endFrames hands out the frames at the peer's EOF. It tells whether the connection has
// none left. Otherwise peerEnded follows once they are handed out.
func (c *Conn) endFrames() bool {
	s := c.frames
	if s.stalled {
		s.ended = true
		return false
	}
	used, end := s.rescan(c, true)
	if end == scanStalled {
		s = s.own(c)
		s.off, s.stalled, s.ended = used, true, true
		return false
	}
	c.dropFrames()
	return c.writes != streamClosed
}
