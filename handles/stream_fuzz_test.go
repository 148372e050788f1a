package handles_test

import (
	"bytes"
	"errors"
	"net/netip"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// An mEnd is one end of a connection.
type mEnd struct {
	handles.Stream
	id    string
	local netip.AddrPort
	peer  *mEnd // nil before it was accepted, or for ever

	connecting bool
	failed     bool // the connect failed
	closing    bool
	closed     bool

	wants    []byte // sent by the peer, not received yet
	early    []byte // sent by this end before there was a peer
	lost     bool   // the peer left: of wants a part may never come
	reading  bool
	read     int // counts ReadStarts
	finished bool

	shut   int // the Shutdown: 0 none, 1 under way, 2 through
	broken bool
	writes []*mWrite // under way, in order
	total  int       // bytes taken for sending
}

// An mWrite is a WriteFunc under way.
type mWrite struct {
	bufs [][]byte
	copy []byte
}

// mayFail tells whether calls may fail: one of the ends has been closed, or was never
// connected.
func (e *mEnd) mayFail() bool {
	return e.closing || e.failed || e.broken || e.peer != nil && e.peer.closing
}

func (w *world) newEnd(s handles.Stream, id string) *mEnd {
	e := &mEnd{Stream: s, id: id}
	w.note("new %s", id)
	w.ends = append(w.ends, e)
	w.handle(s, id)
	s.OnClose(func() {
		w.run("close of "+e.id, func() {
			w.closed(s, e.id)
			if e.connecting || len(e.writes) > 0 || e.shut == 1 {
				w.errorf("%s is closed before its requests: connecting %v, %d writes, shutdown %d", e.id, e.connecting, len(e.writes), e.shut)
			}
			e.closed = true
			w.ends = remove(w.ends, e)
		})
	})
	s.OnWritten(func(queued int, err error) {
		w.run("written of "+e.id, func() {
			if e.closing || queued < 0 {
				w.errorf("written of %s: %d queued, closing %v", e.id, queued, e.closing)
			}
			if err != nil {
				if !e.mayFail() {
					w.errorf("written of %s: %v", e.id, err)
				}
				e.broken = true
			}
		})
	})
	return e
}

// join makes two ends peers.
func join(a, b *mEnd) { a.peer, b.peer = b, a }

// bytes returns new content, of a size from the input.
func (w *world) bytes() []byte {
	n := []int{0, 1, 3, 64, 500, 4096, 4097, 16 << 10, 70_000, 300_000}[w.next()%10]
	return uvtest.Pattern(n, uint32(w.ids*7+len(w.history)))
}

func (w *world) streamOperation() {
	e := pick(w, w.ends)
	if e == nil {
		return
	}
	switch op := w.next(); {
	case op < 50:
		w.write(e, w.bytes())
	case op < 90:
		w.writeFunc(e, w.bytes())
	case op < 100:
		w.tryWrite(e)
	case op < 150:
		w.readStart(e)
	case op < 180:
		w.readStop(e)
	case op < 195:
		w.shutdown(e)
	case op < 215:
		w.closeEnd(e, op%8 == 0)
	case op < 225 && !e.closing:
		e.Unref()
		e.Ref()
	default:
		w.ask(e)
	}
}

// writable tells whether the stream should be writable.
func (e *mEnd) writable() bool { return !e.closing && e.shut == 0 }

// sent adds bytes to the model that a write has accepted.
func (w *world) sent(e *mEnd, p []byte) {
	e.total += len(p)
	if e.peer != nil {
		e.peer.wants = append(e.peer.wants, p...)
	} else {
		e.early = append(e.early, p...)
	}
}

// wrote checks the result of a call that writes.
func (w *world) wrote(e *mEnd, what string, err error) (taken bool) {
	switch {
	case err == nil:
		if !e.writable() {
			w.errorf("%s to %s is taken: closing %v, shutdown %d", what, e.id, e.closing, e.shut)
		}
		return true
	case e.closing:
		if !errors.Is(err, uv.ErrClosed) {
			w.errorf("%s to closed %s: %v", what, e.id, err)
		}
	case e.shut > 0:
		if !errors.Is(err, uv.EPIPE) && !e.broken {
			w.errorf("%s to shut down %s: %v", what, e.id, err)
		}
	case !e.mayFail():
		w.errorf("%s to %s: %v", what, e.id, err)
	}
	return false
}

func (w *world) write(e *mEnd, p []byte) {
	want := bytes.Clone(p)
	var n int
	err := w.do("write to "+e.id, func() (err error) {
		n, err = e.Write(p)
		return err
	})
	if w.wrote(e, "write", err) {
		if n != len(p) {
			w.errorf("write to %s takes %d of %d bytes", e.id, n, len(p))
		}
		w.sent(e, want)
	} else if n != 0 {
		w.errorf("write to %s: %d bytes and %v", e.id, n, err)
	}
	for i := range p { // they were borrowed
		p[i] ^= 0xff
	}
}

// split cuts bytes into some buffers, of which some are empty.
func (w *world) split(p []byte) (bufs [][]byte) {
	for n := int(w.next()) % 80; n > 0 && len(p) > 1; n-- {
		at := int(w.next()) * len(p) / 255 / 4
		bufs = append(bufs, p[:at])
		p = p[at:]
	}
	return append(bufs, p)
}

func (w *world) writeFunc(e *mEnd, p []byte) {
	req := &mWrite{copy: bytes.Clone(p), bufs: w.split(p)}
	err := w.do("write func to "+e.id, func() error {
		return e.WriteFunc(func(err error) { w.run("write of "+e.id, func() { w.written(e, req, err) }) }, req.bufs...)
	})
	if w.wrote(e, "write func", err) {
		e.writes = append(e.writes, req)
		w.sent(e, req.copy)
	}
}

// written is the callback of a WriteFunc.
func (w *world) written(e *mEnd, req *mWrite, err error) {
	if len(e.writes) == 0 || e.writes[0] != req {
		w.errorf("a write to %s completes out of order, or again; %d are under way", e.id, len(e.writes))
		return
	}
	e.writes = e.writes[1:]
	if e.closed {
		w.errorf("a write to %s completes after the close callback", e.id)
	}
	if got := bytes.Join(req.bufs, nil); !bytes.Equal(got, req.copy) {
		w.errorf("the bytes lent to %s were changed", e.id)
	}
	for _, p := range req.bufs { // no longer lent
		clear(p)
	}
	if err != nil {
		if !e.mayFail() {
			w.errorf("a write to %s: %v", e.id, err)
		}
		e.broken = true
		if e.peer != nil {
			e.peer.lost = true
		}
	}
}

func (w *world) tryWrite(e *mEnd) {
	p := w.bytes()
	var n int
	err := w.do("try write to "+e.id, func() (err error) {
		n, err = e.TryWrite(p)
		return err
	})
	if errors.Is(err, uv.EAGAIN) {
		return
	}
	if w.wrote(e, "try write", err) {
		if n < 0 || n > len(p) {
			w.errorf("try write to %s takes %d of %d bytes", e.id, n, len(p))
			return
		}
		w.sent(e, p[:n])
	}
}

func (w *world) shutdown(e *mEnd) {
	done := 0
	err := w.do("shutdown of "+e.id, func() error {
		return e.Shutdown(func(err error) {
			w.run("shutdown of "+e.id, func() {
				if done++; done > 1 || e.shut != 1 || e.closed {
					w.errorf("the shutdown of %s ends for the %d. time; closed %v", e.id, done, e.closed)
				}
				e.shut = 2
				if err == nil && len(e.writes) > 0 {
					w.errorf("the shutdown of %s overtakes %d writes", e.id, len(e.writes))
				}
				if err != nil && !e.mayFail() {
					w.errorf("the shutdown of %s: %v", e.id, err)
				}
			})
		})
	})
	switch {
	case err == nil:
		if !e.writable() {
			w.errorf("a shutdown of %s is taken: closing %v, shutdown %d", e.id, e.closing, e.shut)
		}
		e.shut = 1
	case e.closing && errors.Is(err, uv.ErrClosed):
	case !errors.Is(err, uv.ENOTCONN) || e.writable() && !e.mayFail():
		w.errorf("the shutdown of %s: %v", e.id, err)
	}
}

// closeEnd closes an end. Its unsent bytes are lost. With a reset, or with unread
// bytes, bytes under way are lost as well.
func (w *world) closeEnd(e *mEnd, reset bool) {
	tcp, ok := e.Stream.(*handles.TCP)
	if ok && reset && !e.closing && e.shut != 1 {
		w.do("reset of "+e.id, tcp.CloseReset)
		if !tcp.Closing() {
			w.errorf("the reset of %s failed", e.id)
		}
	} else {
		w.must("close "+e.id, e.Close)
	}
	if !e.Closing() {
		w.errorf("%s is not closing", e.id)
	}
	e.closing, e.reading = true, false
	if e.peer != nil {
		e.peer.lost = true
	}
}

// ask compares the results of the stream's methods with the model.
func (w *world) ask(e *mEnd) {
	if e.closing {
		if e.Readable() || e.Writable() || e.Active() || !e.Closing() {
			w.errorf("closed %s: readable %v, writable %v, active %v, closing %v", e.id, e.Readable(), e.Writable(), e.Active(), e.Closing())
		}
		w.refused("descriptor of closed "+e.id, uv.ErrClosed, func() error { _, err := e.FD(); return err })
		return
	}
	queued := e.WriteQueueSize()
	if b := e.Buffered(); b < queued { // it learns of what is left when a write ends
		w.errorf("%s: %d bytes are buffered, %d queued", e.id, b, queued)
	}
	if queued < 0 || queued > e.total {
		w.errorf("%s has %d bytes queued, of %d", e.id, queued, e.total)
	}
	if !e.mayFail() && (e.Writable() != (e.shut == 0) || !e.Readable()) {
		w.errorf("%s: readable %v, writable %v, shutdown %d", e.id, e.Readable(), e.Writable(), e.shut)
	}
	// After the peer's end C may have met it already, and the report waits.
	if e.reading && !e.mayFail() && (e.peer == nil || e.peer.shut == 0) && !e.Active() {
		w.errorf("%s reads, but is not active", e.id)
	}
	if _, err := e.FD(); err != nil {
		w.errorf("the descriptor of %s: %v", e.id, err)
	}
}
