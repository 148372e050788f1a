package handles_test

import (
	"bytes"
	"errors"
	"io"

	"github.com/uvgo/uvgo/uv"
)

func (w *world) readStart(e *mEnd) {
	what := "read " + e.id
	fn := w.reads(e, e.read+1)
	switch err := w.do(what, func() error { return e.ReadStart(fn) }); {
	case err == nil:
		if e.closing || e.reading {
			w.errorf("%s is taken: closing %v, reading %v", what, e.closing, e.reading)
		}
		e.read++
		e.reading = true
	case e.closing:
		if !errors.Is(err, uv.ErrClosed) {
			w.errorf("%s: %v", what, err)
		}
	case e.reading:
		if !errors.Is(err, uv.EALREADY) {
			w.errorf("%s: %v", what, err)
		}
	case !errors.Is(err, uv.ENOTCONN) || !e.mayFail():
		w.errorf("%s: %v", what, err)
	}
}

func (w *world) readStop(e *mEnd) {
	if e.closing {
		w.refused("stop closed "+e.id, uv.ErrClosed, e.ReadStop)
		return
	}
	w.must("stop "+e.id, e.ReadStop)
	e.reading = false
}

// reads returns the read callback of one ReadStart.
func (w *world) reads(e *mEnd, start int) func(p []byte, err error) {
	return func(p []byte, err error) {
		w.run("read of "+e.id, func() {
			if e.closing || !e.reading || start != e.read || e.connecting {
				w.errorf("%s is read for its start %d, the last is %d: reading %v, closing %v, connecting %v",
					e.id, start, e.read, e.reading, e.closing, e.connecting)
			}
			if err != nil {
				w.readEnd(e, p, err)
				return
			}
			if e.peer == nil {
				if !e.broken {
					w.errorf("%s reads %d bytes without a peer", e.id, len(p))
				}
				return
			}
			if len(p) == 0 || !bytes.HasPrefix(e.wants, p) {
				w.errorf("%s reads %d bytes that are not the next of %d", e.id, len(p), len(e.wants))
				return
			}
			e.wants = e.wants[len(p):]
			w.relay(e, p)
			switch w.next() % 8 { // more chunks may follow in this turn
			case 1:
				w.readStop(e)
			case 2:
				w.readStop(e)
				w.readStart(e)
			case 3:
				if w.next()%8 == 0 {
					w.closeEnd(e, false)
				}
			}
		})
	}
}

// relay now and then forwards the bytes that a read callback borrows.
func (w *world) relay(e *mEnd, p []byte) {
	if to := w.next(); to%4 == 1 && !w.ending {
		to := pick(w, w.ends)
		part := p[int(w.next())*len(p)/256:]
		if w.next()%2 == 0 {
			w.relayWrite(to, part)
		} else {
			w.relayFunc(to, part)
		}
	}
}

// relayWrite is write without the change of the bytes: the arena lends them.
func (w *world) relayWrite(e *mEnd, p []byte) {
	err := w.do("relay to "+e.id, func() error {
		_, err := e.Write(p)
		return err
	})
	if w.wrote(e, "relay", err) {
		w.sent(e, p)
	}
}

// relayFunc is writeFunc for borrowed bytes: they are gone when it completes.
func (w *world) relayFunc(e *mEnd, p []byte) {
	req := new(mWrite)
	bufs := w.split(p)
	want := bytes.Clone(p)
	err := w.do("relay func to "+e.id, func() error {
		return e.WriteFunc(func(err error) { w.run("relay of "+e.id, func() { w.written(e, req, err) }) }, bufs...)
	})
	if w.wrote(e, "relay func", err) {
		e.writes = append(e.writes, req)
		w.sent(e, want)
	}
}

// readEnd is a read callback with an error.
func (w *world) readEnd(e *mEnd, p []byte, err error) {
	e.reading = false
	if len(p) > 0 {
		w.errorf("%s reads %d bytes and %v", e.id, len(p), err)
	}
	if err != io.EOF {
		if !e.mayFail() {
			w.errorf("%s reads: %v", e.id, err)
		}
		e.broken, e.finished = true, true
		return
	}
	e.finished = true
	if !e.mayFail() {
		if e.peer == nil || e.peer.shut == 0 {
			w.errorf("%s reads the end, but its peer goes on", e.id)
		} else if len(e.wants) > 0 && !e.lost {
			w.errorf("%s reads the end before %d bytes", e.id, len(e.wants))
		}
	}
}
