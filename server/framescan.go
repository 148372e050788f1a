package server

import (
	"bufio"
	"errors"
)

// A framer is the Handler that Frames returns. Connections of several loops share it.
type framer struct {
	split    bufio.SplitFunc
	max      int
	handler  FrameHandler
	idle     frames // of every connection that has nothing left; never changes
	tooLarge error
}

// errNoAdvance is why frames that use up no bytes end a connection.
var errNoAdvance = errors.New("too many frames in a row that use up no bytes")

// scanEnd says why scan has ended.
type scanEnd uint8

const (
	scanMore    scanEnd = iota // split finds no further frame in the bytes
	scanStalled                // the handler takes no frame now
	scanClosed                 // there are no further frames
)

// scan hands out the frames of data, until one ends at or behind the byte until. It returns how
// many bytes they have used up, and why it ended. It asks split as bufio.Scanner would: never with more than
// max bytes, and again with more of them where it found no frame.
func (f *framer) scan(c *Conn, scan *frameScan, data []byte, until int, atEOF bool) (used int, end scanEnd) {
	if data == nil { // split functions take pieces of data, and a nil one would be no frame
		data = []byte{}
	}
	empties := 0
	for used < until || atEOF {
		if !c.takesFrames() {
			if c.reads != receiving && c.reads != paused {
				return used, scanClosed
			}
			return used, scanStalled
		}
		window := data[used:]
		all := len(window) <= f.max
		if !all {
			window = window[:f.max]
		}
		advance, frame, err := f.split(window, atEOF && all)
		switch {
		case err == bufio.ErrFinalToken:
			scan.rest = data[used+min(max(advance, 0), len(window)):]
			if frame != nil {
				f.frame(c, frame)
			}
			c.finalFrame()
			return used, scanClosed
		case err != nil:
			return used, c.badFrame(badFrameError(err))
		case advance < 0:
			return used, c.badFrame(badFrameError(bufio.ErrNegativeAdvance))
		case advance > len(window):
			return used, c.badFrame(badFrameError(bufio.ErrAdvanceTooFar))
		}
		used += advance
		scan.rest = data[used:]
		switch {
		case frame == nil && advance == 0 && len(window) == f.max:
			return used, c.badFrame(f.tooLarge)
		case frame == nil && all:
			return used, scanMore
		case frame == nil: // the next window has more bytes
			continue
		case advance > 0:
			empties = 0
		default:
			if empties++; empties > maxEmpties {
				return used, c.badFrame(badFrameError(errNoAdvance))
			}
		}
		f.frame(c, frame)
	}
	return used, scanMore
}

// frame hands out one frame.
func (f *framer) frame(c *Conn, frame []byte) {
	c.facts |= owesAnswer
	f.handler.Frame(c, frame[:len(frame):len(frame)])
}

// takesFrames tells whether the handler is to get the next frame.
func (c *Conn) takesFrames() bool {
	return c.reads == receiving && (c.is(readsWhileFull) || !c.flow.Full())
}

// badFrame closes the connection because of a frame, gracefully: what was written before is
// sent.
func (c *Conn) badFrame(err error) scanEnd {
	if m := c.rare(); m.err == nil {
		m.err, c.why = err, badFrame
	}
	c.close()
	return scanClosed
}

// finalFrame closes the connection behind the frame that split has called the last, once
// nobody holds it. What arrives from now on is dropped.
func (c *Conn) finalFrame() {
	switch {
	case c.closes():
	case c.held(): // released closes
		c.reads = discarding
		c.setReading()
	default:
		c.close()
	}
}

// Open makes the connection one of frames.
func (f *framer) Open(c *Conn) {
	c.frames = &f.idle
	f.handler.Open(c)
}

// Close gives back what the connection has for its frames.
func (f *framer) Close(c *Conn, err error) {
	c.dropFrames()
	f.handler.Close(c, err)
}

// Data hands out the frames that p completes, and keeps the beginning of the next.
func (f *framer) Data(c *Conn, p []byte) {
	s := c.frames
	switch {
	case c.reads == discarding:
		return
	case s.stalled: // the loop had read p before it stopped reading
		s.buf = append(s.buf, p...)
		return
	}
	p, used, end := f.scanRead(c, s, p)
	switch {
	case end == scanClosed:
		c.dropFrames()
	case used < len(p):
		s = c.frames.own(c)
		s.buf = append(s.buf, p[used:]...)
		s.stalled = end == scanStalled
	}
}

// scanRead hands out the frames that p completes. It returns what of p is not kept already, and how much of that is used up.
func (f *framer) scanRead(c *Conn, s *frames, p []byte) (left []byte, used int, end scanEnd) {
	returned, scan := false, c.worker.scans.begin(c)
	defer func() { c.exitedFrames(&returned, scan, false) }()
	if len(s.buf) > 0 {
		p, end = f.join(c, scan, s, p)
	}
	if end == scanMore {
		used, end = f.scan(c, scan, p, len(p), false)
	}
	returned = true
	return p, used, end
}

// join hands out the frames that begin in what s has kept, and returns what of p follows
// them. It copies no more of p than about twice what those frames need. If they are not complete, or the
// handler takes no more, s keeps all of p.
func (f *framer) join(c *Conn, scan *frameScan, s *frames, p []byte) ([]byte, scanEnd) {
	kept, used := len(s.buf), 0
	for step, taken := 256, 0; used < kept; step *= 2 {
		n := min(step, len(p)-taken)
		if n == 0 {
			s.discard(used)
			return nil, scanMore
		}
		s.buf = append(s.buf, p[taken:taken+n]...)
		taken += n
		scan.behind = p[taken:]
		u, end := f.scan(c, scan, s.buf[used:], kept-used, false)
		used += u
		switch {
		case end == scanClosed:
			return nil, end
		case end == scanStalled && used < kept:
			s.buf = append(s.buf, p[taken:]...)
			s.off, s.stalled = used, true
			return nil, end
		}
	}
	c.dropFrames()
	scan.behind = nil
	return p[used-kept:], scanMore
}
