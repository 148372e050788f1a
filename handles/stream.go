package handles

import (
	"math"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/submit"
	"github.com/uvgo/uvgo/uv"
)

// A Stream is what TCP, Pipe and TTY have in common: bytes that can be read and
// written. C type uv_stream_t.
//
// https://docs.libuv.org/en/v1.x/stream.html
type Stream interface {
	uv.Handle
	ReadStart(fn func(p []byte, err error)) error
	ReadStop() error
	Write(p []byte) (int, error)
	WriteFunc(fn func(err error), bufs ...[]byte) error
	StartWrite(fn func(n int, err error), bufs ...[]byte) (Write, error)
	TryWrite(p []byte) (int, error)
	WriteQueueSize() int
	Buffered() int
	OnWritten(fn func(queued int, err error))
	SetWatermarks(low, high int) error
	Full() bool
	OnDrain(fn func())
	Shutdown(fn func(err error)) error
	Readable() bool
	Writable() bool
	OnClose(fn func())
	FD() (int, error)
	Base() *Base
}

var _ Stream = (*TCP)(nil)
var _ Stream = (*Pipe)(nil)
var _ Stream = (*TTY)(nil)

// stream implements Stream. Reading is in read.go, listening in listen.go, flow control
// in flow.go.
type stream struct {
	socket
	recent      uint32 // bytes submitted since the drain recentDrain, or the most that fits
	recentDrain uint32 // the low bits of Ring.Drains when recent was 0
	read        func(p []byte, err error)
	flow        *Flow    // nil: no call has asked for flow control
	extra       *extra   // nil: nothing of it was needed
	peer        cuv.Peer // of an accepted TCP connection: accept(2) returns it, so RemoteAddr makes no call
}

// extra is what few streams need. It is apart, because every idle connection has a stream.
type extra struct {
	kept      *keptReads                  // nil: nothing was kept
	accept    *acceptor                   // nil: Listen was not called
	onWritten func(queued int, err error) // nil: OnWritten was not called
	guard     func() (inUse bool)         // see Guard; if closing is set, too, the close waits for Unguard
	ipc       *ipc                        // pipes: nil unless made with IPC
}

// noExtra is read in the place of an extra that nothing was put in.
var noExtra extra

// rare returns the stream's extra to read of it.
func (s *stream) rare() *extra {
	if s.extra == nil {
		return &noExtra
	}
	return s.extra
}

// setRare returns the stream's extra to write to it, and makes it if there is none.
func (s *stream) setRare() *extra {
	if s.extra == nil {
		s.extra = new(extra)
	}
	return s.extra
}

// writeCheck makes the checks that libuv makes before a write, without a crossing.
func (s *stream) writeCheck(op string) error {
	if err := s.use(op); err != nil {
		return err
	}
	if s.c.Failed != 0 {
		return s.check(op, int(s.c.Failed))
	}
	if !s.has(writable) {
		if !s.has(opened) {
			return s.fail(op, uv.EBADF)
		}
		return s.fail(op, uv.EPIPE)
	}
	return nil
}

// Write queues all of p, which is borrowed: the caller may reuse it on return. The
// writes of a turn are sent together. What the kernel does not take waits in the write
// queue, which has no limit. A program that writes much stops writing when [TCP.Full]
// returns true, and goes on when the function of [TCP.OnDrain] runs. A later failure to
// send is reported by OnWritten, and returned by the next call of Write. EPIPE after
// Shutdown, EBADF without a socket. C functions uv_try_write and uv_write.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write
func (s *stream) Write(p []byte) (int, error) {
	if err := s.writeCheck("write"); err != nil {
		return 0, err
	}
	if len(p) == 0 {
		return 0, nil
	}
	ring := s.core.Ring()
	if !ring.WriteBytes(s.c, p, cuv.NoSlot, 0) {
		if rc := s.c.WriteNow(p); rc < 0 {
			return 0, s.check("write", rc)
		}
		if s.flow != nil {
			s.flow.wrote(s, len(p))
		}
		return len(p), nil
	}
	s.submitted(len(p))
	return len(p), nil
}

// submitted counts n bytes that C has not seen yet: it gets them when it drains the
// ring.
func (s *stream) submitted(n int) {
	if d := uint32(s.core.Ring().Drains()); d != s.recentDrain {
		s.recentDrain, s.recent = d, 0
	}
	s.recent = saturate(s.recent, n)
	if s.flow != nil {
		s.flow.wrote(s, n)
	}
}

// saturate adds n, which is not negative, to a count of bytes. The count does not
// overflow: it stops at its maximum.
func saturate(count uint32, n int) uint32 {
	return uint32(min(uint64(count)+uint64(n), math.MaxUint32))
}

// WriteFunc queues bufs, which are lent: the caller must not change them until fn runs.
// fn, which may be nil, runs once: with nil when the kernel has taken all bytes, with
// the error if it fails, or with ECANCELED if the stream is closed first. EINVAL
// without bufs; other errors as for Write. C function uv_write.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write
func (s *stream) WriteFunc(fn func(err error), bufs ...[]byte) error {
	if err := s.writeCheck("write"); err != nil {
		return err
	}
	if len(bufs) == 0 {
		return s.fail("write", uv.EINVAL)
	}
	submit.StartWrite(s.core, s.c, "write", fn, bufs)
	for _, p := range bufs {
		s.submitted(len(p))
	}
	return nil
}

// TryWrite writes as much of p as the kernel takes at once, and returns how many bytes
// that is. p is borrowed. EAGAIN if the kernel takes nothing, or if earlier writes are
// queued. C function uv_try_write.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_try_write
func (s *stream) TryWrite(p []byte) (int, error) {
	if err := s.writeCheck("try write"); err != nil {
		return 0, err
	}
	rc := s.c.TryWrite(p)
	if rc < 0 {
		return 0, s.check("try write", rc)
	}
	return rc, nil
}

// WriteQueueSize returns how many bytes the kernel has not taken yet. It crosses into C
// and sends this turn's writes first. 0 once the stream is closed. C function
// uv_stream_get_write_queue_size.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_stream_get_write_queue_size
func (s *stream) WriteQueueSize() int {
	if !s.owned("write queue size") || s.c == nil {
		return 0
	}
	return s.c.WriteQueueSize()
}

// Buffered is WriteQueueSize without a crossing. It counts all bytes that Write and
// WriteFunc got in this turn, although the kernel may take them at the turn's end. In
// that case OnWritten is not called, so a writer that stops by Buffered and waits for
// OnWritten can wait for ever. Use Full and OnDrain for that. No libuv counterpart.
func (s *stream) Buffered() int {
	if !s.owned("buffered") || s.c == nil {
		return 0
	}
	return s.unsent()
}

// unsent is Buffered without its checks. It belongs to the loop's goroutine, before the
// close event.
func (s *stream) unsent() int {
	n := int(s.c.Queued)
	if s.recentDrain == uint32(s.core.Ring().Drains()) {
		n += int(s.recent)
	}
	return n
}

// OnWritten sets the function that runs when queued bytes have been sent, or could not
// be sent. It gets how many bytes are still queued, as WriteQueueSize counts them. It
// does not run for bytes that the kernel takes at once. nil sets none. C type
// uv_write_cb.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write_cb
func (s *stream) OnWritten(fn func(queued int, err error)) {
	if s.owned("on written") && (fn != nil || s.extra != nil) {
		s.setRare().onWritten = fn
	}
}

// Shutdown ends the writing side once all earlier writes are done. The stream is not
// writable from now on. fn, which may be nil, runs once. ENOTCONN if the stream is not
// writable, so also for a second call. C function uv_shutdown.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_shutdown
func (s *stream) Shutdown(fn func(err error)) error {
	if err := s.use("shutdown"); err != nil {
		return err
	}
	if !s.has(writable) {
		return s.fail("shutdown", uv.ENOTCONN)
	}
	s.clear(writable)
	submit.StartShutdown(s.core, s.c, "shutdown", fn)
	return nil
}

// Readable tells whether the stream can be read from. It is still true after EOF. C
// function uv_is_readable.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_is_readable
func (s *stream) Readable() bool {
	return s.owned("readable") && !s.has(closing) && s.has(readable) && s.c.IsReadable()
}

// Writable tells whether the stream can be written to. It is false after Shutdown. C
// function uv_is_writable.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_is_writable
func (s *stream) Writable() bool {
	return s.owned("writable") && !s.has(closing) && s.has(writable) && s.c.IsWritable()
}

// SetBlocking makes the descriptor blocking or non-blocking, also for other processes
// that have it. In blocking mode the loop waits until the kernel has taken all that is
// written, and may hang in a read. It is meant for the output of short-lived programs.
// EBADF without a descriptor. C function uv_stream_set_blocking.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_stream_set_blocking
func (s *stream) SetBlocking(on bool) error {
	if err := s.use("set blocking"); err != nil {
		return err
	}
	return s.check("set blocking", s.c.SetBlocking(on))
}

// complete handles the stream's events. C types uv_read_cb, uv_connection_cb and
// uv_close_cb.
//
// https://docs.libuv.org/en/v1.x/stream.html
func (s *stream) complete(ev *cuv.Event) {
	switch ev.Kind {
	case cuv.EvRead:
		s.onRead(ev)
	case cuv.EvAccept:
		if s.has(closing) { // closed in the turn of a ResumeAccept, so C still accepted
			if c := ev.Accepted(); c != nil {
				s.core.Orphan(c)
			}
			return
		}
		s.extra.accept.dropped += ev.Dropped()
		s.extra.accept.onArrival(arrival{ev.Accepted(), uint64(ev.Peer()), ev.Status})
	case cuv.EvAcceptWait:
		s.onAcceptWait()
	case cuv.EvWritten:
		if fn := s.rare().onWritten; fn != nil && !s.has(closing) {
			// Not a number from the event: callbacks of this batch may have written more since.
			fn(int(s.c.Queued), s.check("write", int(ev.Status)))
		}
		if s.flow != nil && !s.has(closing) {
			s.flow.written(s, int(ev.Status))
		}
	case cuv.EvClose:
		if a := s.rare().accept; a != nil {
			a.discard()
		}
		f := s.flow
		s.read, s.extra, s.flow = nil, nil, nil
		s.finish()
		if f != nil && f.target != nil {
			f.target.Closed()
		}
	}
}
