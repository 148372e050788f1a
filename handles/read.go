package handles

import (
	"bytes"
	"io"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// held is what arrived after ReadStop, in order: it waits for the next
// ReadStart. The end is io.EOF or an error, after which C reads no more.
type held struct {
	chunks [][]byte
	end    error
	ipc    *ipc  // of a pipe that passes descriptors
	marks  []int // for each chunk and the end: ipc.arrived, as of then
}

// ReadStart makes fn receive what the peer sends. p is borrowed: valid until fn
// returns. At the end fn gets io.EOF, on failure the error, and reading has stopped;
// ENOBUFS means that no memory was at hand, and ReadStart may be called again. EINVAL
// for a nil fn, EALREADY while reading, ENOTCONN if the stream is not readable. C
// function uv_read_start.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_read_start
func (s *stream) ReadStart(fn func(p []byte, err error)) error { return s.readStart(fn, 0) }

// ShortRead is the most that a read of [Base.ReadStartShort] brings: 4,096 bytes.
const ShortRead = cuv.ShortRead

// ReadStartShort is ReadStart with reads of at most ShortRead bytes, one a turn. It is
// for who takes bulk data from the descriptor himself: a full read tells him to call
// ReadStop and to begin, behind the turn's other callbacks. What fn gets, and the
// errors, are ReadStart's. C function uv_read_start.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_read_start
func (b *Base) ReadStartShort(fn func(p []byte, err error)) error {
	return (*stream)(b).readStart(fn, 1)
}

// readStart is ReadStart; short is what the submission says of the reads.
func (s *stream) readStart(fn func(p []byte, err error), short uint64) error {
	if err := s.use("read start"); err != nil {
		return err
	}
	switch {
	case fn == nil:
		return s.fail("read start", uv.EINVAL)
	case s.has(reading):
		return s.fail("read start", uv.EALREADY)
	case !s.has(readable):
		return s.fail("read start", uv.ENOTCONN)
	}
	s.set(reading)
	s.read = fn
	if s.held == nil || s.held.end == nil {
		s.core.Ring().Submit(cuv.OpReadStart, s.c, short, 0)
	}
	if s.held != nil && !s.has(delivering) {
		s.set(delivering)
		s.core.Defer((*heldReads)(s))
	}
	return nil
}

// ReadStop ends what ReadStart began: its function runs no more. What has arrived by
// now is kept for the next ReadStart. C function uv_read_stop.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_read_stop
func (s *stream) ReadStop() error {
	if err := s.use("read stop"); err != nil {
		return err
	}
	if s.has(reading) {
		s.clear(reading)
		s.read = nil
		s.core.Ring().Submit(cuv.OpReadStop, s.c, 0, 0)
	}
	return nil
}

// onRead delivers a chunk, the end or an error, or holds it.
func (s *stream) onRead(ev *cuv.Event) {
	if ev.Status > 0 {
		if s.has(reading) && s.held == nil {
			s.read(ev.Bytes(), nil)
			return
		}
		s.hold().chunks = append(s.held.chunks, bytes.Clone(ev.Bytes()))
		return
	}
	err := s.check("read", int(ev.Status))
	if uv.Errno(ev.Status) == uv.EOF {
		err = io.EOF
	}
	if s.has(reading) && s.held == nil {
		s.readEnd(err)
		return
	}
	s.hold().end = err
}

func (s *stream) hold() *held {
	if s.held == nil {
		s.held = new(held)
	}
	return s.held
}

// readEnd reports the end of reading. After an error other than a want of
// memory libuv takes the stream for neither readable nor writable.
func (s *stream) readEnd(err error) {
	s.clear(reading)
	if e, ok := err.(*uv.Error); ok && e.Errno != uv.ENOBUFS {
		s.clear(readable | writable)
	}
	fn := s.read
	s.read = nil
	fn(nil, err)
}

// heldReads is a stream as the loop delivers what was held.
type heldReads stream

// Deliver hands out what was held, until reading stops again.
func (d *heldReads) Deliver() {
	s := (*stream)(d)
	s.clear(delivering)
	defer func() { // after a panic of the callback the rest is still to come
		if s.held != nil && s.has(reading) && !s.has(delivering) {
			s.set(delivering)
			s.core.Defer((*heldReads)(s))
		}
	}()
	for s.held != nil && s.has(reading) {
		if in := s.held.ipc; in != nil {
			if in.crowded() {
				s.suspend()(nil, s.fail("read", uv.EMFILE))
				return
			}
			in.due(s.held.marks[0])
			s.held.marks = s.held.marks[1:]
		}
		if h := s.held; len(h.chunks) > 0 {
			p := h.chunks[0]
			h.chunks[0] = nil
			h.chunks = h.chunks[1:]
			if len(h.chunks) == 0 && h.end == nil {
				s.held = nil
			}
			s.read(p, nil)
			continue
		}
		end := s.held.end
		s.held = nil
		if end != nil {
			s.readEnd(end)
		}
	}
}
