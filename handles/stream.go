package handles

import (
	"math"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/submit"
	"github.com/uvgo/uvgo/uv"
)

// A Stream is what TCP, Pipe and TTY have in common: a duplex channel of bytes. C type
// uv_stream_t.
//
// https://docs.libuv.org/en/v1.x/stream.html
type Stream interface {
	uv.Handle
	ReadStart(fn func(p []byte, err error)) error
	ReadStop() error
	Write(p []byte) (int, error)
	WriteFunc(fn func(err error), bufs ...[]byte) error
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

// stream implements Stream. The reading half is in read.go, the listening one
// in listen.go.
type stream struct {
	socket
	recent    uint32 // bytes submitted since drain
	drain     uint64 // number of the drain that recent counts from
	read      func(p []byte, err error)
	held      *held
	accept    *acceptor // listeners
	onWritten func(queued int, err error)
	flow      *Flow               // nil: nobody asked for flow control
	guard     func() (inUse bool) // see Guard; with closing: the close waits for Unguard
}

// writeCheck is what libuv checks before a write.
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

// Write queues all of p, which is borrowed: free to reuse on return. A turn's writes
// leave together; what the kernel does not take waits in the write queue, which has no
// limit of its own: who writes more than a little stops when [TCP.Full] says so, and
// goes on when [TCP.OnDrain] does. A failure in the background is the error of the
// next call, and of OnWritten. EPIPE after Shutdown, EBADF without a socket. C
// functions uv_try_write and uv_write.
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

// submitted counts bytes that wait for the next drain.
func (s *stream) submitted(n int) {
	if d := s.core.Ring().Drains(); d != s.drain {
		s.drain, s.recent = d, 0
	}
	s.recent = saturate(s.recent, n)
	if s.flow != nil {
		s.flow.wrote(s, n)
	}
}

// saturate adds n, which is not negative, to a count of bytes that stops at the most that fits.
func saturate(count uint32, n int) uint32 {
	return uint32(min(uint64(count)+uint64(n), math.MaxUint32))
}

// WriteFunc queues bufs, which are lent until fn runs: do not change them before. fn,
// which may be nil, runs once, with nil, the error or ECANCELED when the stream is
// closed first. EINVAL without bufs; other errors as for Write. C function uv_write.
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

// TryWrite writes what the kernel takes of p at once and returns how much that was; p
// is borrowed. EAGAIN if it takes nothing, or earlier writes are queued. C function
// uv_try_write.
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

// WriteQueueSize returns how many bytes the kernel has not taken yet; writes of this
// turn are offered to it first. 0 once the stream is closed. C function
// uv_stream_get_write_queue_size.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_stream_get_write_queue_size
func (s *stream) WriteQueueSize() int {
	if !s.mine("write queue size") || s.c == nil {
		return 0
	}
	return s.c.WriteQueueSize()
}

// Buffered is WriteQueueSize without a crossing: this turn's calls of Write and
// WriteFunc count in full although the kernel may yet take them. Nothing reports
// that it did: do not stop by Buffered and wait for OnWritten, but use Full and
// OnDrain. No libuv counterpart.
func (s *stream) Buffered() int {
	if !s.mine("buffered") || s.c == nil {
		return 0
	}
	return s.unsent()
}

// unsent is Buffered on the loop's goroutine, before the close event.
func (s *stream) unsent() int {
	n := int(s.c.Queued)
	if s.drain == s.core.Ring().Drains() {
		n += int(s.recent)
	}
	return n
}

// OnWritten sets the function that runs when bytes that had to be queued have left or
// failed, with what is queued still (WriteQueueSize, not Buffered); nil for none. What
// the kernel takes at once is not reported. C type uv_write_cb.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_write_cb
func (s *stream) OnWritten(fn func(queued int, err error)) {
	if s.mine("on written") {
		s.onWritten = fn
	}
}

// Shutdown ends the writing side after the writes before it; the stream is not
// writable from now on. fn, which may be nil, runs once. ENOTCONN if the stream is not
// writable, a second call included. C function uv_shutdown.
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

// Readable tells whether the stream can be read from; it stays so after EOF. C
// function uv_is_readable.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_is_readable
func (s *stream) Readable() bool {
	return s.mine("readable") && !s.has(closing) && s.has(readable) && s.c.IsReadable()
}

// Writable tells whether the stream can be written to: not after Shutdown. C function
// uv_is_writable.
//
// https://docs.libuv.org/en/v1.x/stream.html#c.uv_is_writable
func (s *stream) Writable() bool {
	return s.mine("writable") && !s.has(closing) && s.has(writable) && s.c.IsWritable()
}

// SetBlocking changes the mode of the descriptor, which all its holders share. In
// blocking mode writes wait until the kernel has taken everything, and the loop with
// them; reads may hang it. Meant for the output of short-lived programs. EBADF without
// a descriptor. C function uv_stream_set_blocking.
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
		if s.has(closing) { // resumed, then closed in one turn
			if c := ev.Accepted(); c != nil {
				s.core.Orphan(c)
			}
			return
		}
		s.accept.shed += ev.Dropped()
		s.accept.arrived(arrival{ev.Accepted(), uint64(ev.Peer()), ev.Status})
	case cuv.EvAcceptWait:
		s.onAcceptWait()
	case cuv.EvWritten:
		if s.onWritten != nil && !s.has(closing) {
			// Queued is the number of now: callbacks of this batch may have written more since the event.
			s.onWritten(int(s.c.Queued), s.check("write", int(ev.Status)))
		}
		if s.flow != nil && !s.has(closing) {
			s.flow.written(s, int(ev.Status))
		}
	case cuv.EvClose:
		if s.accept != nil {
			s.accept.discard()
		}
		s.read, s.accept, s.onWritten, s.held, s.flow = nil, nil, nil, nil, nil
		s.finish()
	}
}
