package handles

import (
	"bytes"
	"io"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// keptReads is what libuv has read and no callback has received, because ReadStop was
// called. The next ReadStart delivers it, in order. end is io.EOF or an error, after
// which libuv reads no more.
type keptReads struct {
	chunks  [][]byte
	end     error
	ipc     *ipc  // nil unless the pipe receives descriptors
	arrived []int // with ipc: for each chunk and the end, what ipc.arrived was when it came
}

// ReadStart makes fn receive what the peer sends. p is borrowed: valid until fn
// returns. fn gets io.EOF at the end, and an error if reading fails. In both cases
// reading has stopped. After ENOBUFS, which means that there was no memory to read
// into, ReadStart may be called again. ReadStart itself returns EINVAL for a nil fn,
// EALREADY while reading, ENOTCONN if the stream is not readable. C function
// uv_read_start.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_read_start
func (s *stream) ReadStart(fn func(p []byte, err error)) error {
	if fn == nil {
		return s.noReader()
	}
	return s.readStart(fn, 0)
}

// noReader refuses a ReadStart without a function.
func (s *stream) noReader() error {
	if err := s.use("read start"); err != nil {
		return err
	}
	return s.fail("read start", uv.EINVAL)
}

// ShortRead is the most bytes that one read of [Base.ReadStartShort] returns: 4,096.
const ShortRead = cuv.ShortRead

// ReadStartShort is ReadStart with one read a turn, of at most ShortRead bytes. It is
// for programs that read bulk data from the descriptor themselves, into their own
// buffers. When fn gets ShortRead bytes, there is probably more: the program then calls
// ReadStop, and reads from the descriptor after the turn's other callbacks. fn gets the
// same as that of ReadStart, and the errors are the same. C function uv_read_start.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_read_start
func (b *Base) ReadStartShort(fn func(p []byte, err error)) error {
	if fn == nil {
		return (*stream)(b).noReader()
	}
	return (*stream)(b).readStart(fn, 1)
}

// ReadStartTarget is ReadStart for the target of [Base.ControlFlow], whose Read gets what
// arrives: it needs no function for each stream. EINVAL without a target. C function
// uv_read_start.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_read_start
func (b *Base) ReadStartTarget() error {
	s := (*stream)(b)
	if s.flow == nil || s.flow.target == nil {
		return s.noReader()
	}
	return s.readStart(nil, 0)
}

// readStart is ReadStart, with short = 1 ReadStartShort, and with a nil fn ReadStartTarget.
// short goes into the submission.
func (s *stream) readStart(fn func(p []byte, err error), short uint64) error {
	if err := s.use("read start"); err != nil {
		return err
	}
	switch {
	case s.has(reading):
		return s.fail("read start", uv.EALREADY)
	case !s.has(readable):
		return s.fail("read start", uv.ENOTCONN)
	}
	s.set(reading)
	s.read = fn
	if s.clear(shortReads); short != 0 {
		s.set(shortReads)
	}
	s.submitRead()
	if s.rare().kept != nil && !s.has(deliveryDue) {
		s.set(deliveryDue)
		s.core.Defer((*keptDelivery)(s))
	}
	return nil
}

// submitRead makes C read, unless events of the stream are held back, or its end has come. While there is
// something kept, C waits for its delivery: otherwise a program that stops reading at each chunk would keep more and more.
func (s *stream) submitRead() {
	if s.has(heldBack) {
		return
	}
	if k := s.rare().kept; k != nil {
		if k.end == nil {
			s.set(readDue)
		}
		return
	}
	s.clear(readDue)
	short := uint64(0)
	if s.has(shortReads) {
		short = 1
	}
	s.core.Ring().Submit(cuv.OpReadStart, s.c, short, 0)
}

// ReadStop ends what ReadStart began: the function does not run any more. Bytes that
// libuv has already read are kept for the next ReadStart. C function uv_read_stop.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_read_stop
func (s *stream) ReadStop() error {
	if err := s.use("read stop"); err != nil {
		return err
	}
	if s.has(reading) {
		s.clear(reading | readDue)
		s.read = nil
		s.core.Ring().Submit(cuv.OpReadStop, s.c, 0, 0)
	}
	return nil
}

// TakeRead ends reading as ReadStop does, and calls fn with each chunk that libuv has read and no callback has
// received, in order. p is borrowed: valid until fn returns. It is for programs that go on reading
// from a duplicate of the descriptor. The error is what reading has met behind the chunks, also io.EOF, which the
// duplicate meets again. fn does not run then, unless the error is io.EOF: the next ReadStart delivers all. No libuv
// counterpart.
func (b *Base) TakeRead(fn func(p []byte)) error {
	s := (*stream)(b)
	if err := s.ReadStop(); err != nil {
		return err
	}
	var end error
	if k := s.rare().kept; k != nil {
		end = k.end
	}
	s.core.EachPending(s.c, cuv.EvRead, func(ev *cuv.Event) {
		if ev.Status <= 0 && uv.Errno(ev.Status) != uv.ENOBUFS && end == nil {
			end = s.readError(ev)
		}
	})
	if end != nil && end != io.EOF {
		return end
	}
	if k := s.rare().kept; k != nil {
		for _, p := range k.chunks {
			fn(p)
		}
		k.chunks = nil
		if s.extra.kept = nil; k.end != nil {
			s.extra.kept = &keptReads{end: k.end}
		}
	}
	s.core.EachPending(s.c, cuv.EvRead, func(ev *cuv.Event) {
		if ev.Status > 0 {
			fn(ev.Bytes())
			ev.Gen-- // stale
		}
	})
	return end
}

// onRead delivers a chunk, the end or an error, or keeps it for the next ReadStart.
func (s *stream) onRead(ev *cuv.Event) {
	if ev.Status > 0 {
		if s.has(reading) && s.rare().kept == nil {
			s.deliver(ev.Bytes(), nil)
			return
		}
		s.keep().chunks = append(s.rare().kept.chunks, bytes.Clone(ev.Bytes()))
		return
	}
	err := s.readError(ev)
	if s.has(reading) && s.rare().kept == nil {
		s.readEnd(err)
		return
	}
	s.keep().end = err
}

// readError returns the error of an event that ends reading.
func (s *stream) readError(ev *cuv.Event) error {
	if uv.Errno(ev.Status) == uv.EOF {
		return io.EOF
	}
	return s.check("read", int(ev.Status))
}

// deliver hands over what was read.
func (s *stream) deliver(p []byte, err error) {
	if s.read != nil {
		s.read(p, err)
		return
	}
	s.flow.target.Read(p, err)
}

func (s *stream) keep() *keptReads {
	if s.rare().kept == nil {
		s.setRare().kept = new(keptReads)
	}
	return s.rare().kept
}

// readEnd delivers the end of reading. After an error libuv takes the stream for
// neither readable nor writable, unless the error is ENOBUFS. EOF leaves both as they
// are.
func (s *stream) readEnd(err error) {
	s.clear(reading)
	if e, ok := err.(*uv.Error); ok && e.Errno != uv.ENOBUFS {
		s.clear(readable | writable)
	}
	if s.read == nil {
		s.flow.target.Read(nil, err)
		return
	}
	fn := s.read
	s.read = nil
	fn(nil, err)
}

// keptDelivery is a stream whose kept reads the loop delivers.
type keptDelivery stream

// Deliver delivers what was kept, until reading stops again.
func (d *keptDelivery) Deliver() {
	s := (*stream)(d)
	s.clear(deliveryDue)
	defer func() { // after a panic of the callback the next turn delivers the rest
		if s.rare().kept != nil && s.has(reading) && !s.has(deliveryDue) {
			s.set(deliveryDue)
			s.core.Defer((*keptDelivery)(s))
		}
		if s.has(reading) && s.has(readDue) && !s.has(closing) {
			s.submitRead()
		}
	}()
	for s.rare().kept != nil && s.has(reading) {
		if in := s.rare().kept.ipc; in != nil {
			if in.tooMany() {
				s.stopReading()(nil, s.fail("read", uv.EMFILE))
				return
			}
			in.setPending(s.rare().kept.arrived[0])
			s.rare().kept.arrived = s.rare().kept.arrived[1:]
		}
		if k := s.rare().kept; len(k.chunks) > 0 {
			p := k.chunks[0]
			k.chunks[0] = nil
			k.chunks = k.chunks[1:]
			if len(k.chunks) == 0 && k.end == nil {
				s.extra.kept = nil
			}
			s.deliver(p, nil)
			continue
		}
		end := s.rare().kept.end
		s.extra.kept = nil
		if end != nil {
			s.readEnd(end)
		}
	}
}
