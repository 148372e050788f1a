package handles_test

import (
	"fmt"
	"net/netip"
	"os"
	"sync/atomic"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// An mListener is a TCP or pipe listener.
type mListener struct {
	uv.Handle
	id      string
	addr    netip.AddrPort
	path    string
	waiting []*mEnd // connected, not accepted yet, in order
	closing bool
	pause   func(bool) error
}

func (w *world) listenerOperation() {
	op := w.next()
	if len(w.ends) > 14 {
		return
	}
	if op%6 == 0 && len(w.listeners) < 3 {
		w.newListener(op%12 == 0)
		return
	}
	if op%6 == 1 || len(w.listeners) == 0 {
		a, b := pipePair(w.t, w.l)
		join(w.newEnd(a, w.id("pipe")), w.newEnd(b, w.id("pipe")))
		return
	}
	s := pick(w, w.listeners)
	switch {
	case s.closing || len(s.waiting) > 100:
	case op%6 == 2 && op%5 == 0:
		w.closeListener(s)
	case op%6 == 3:
		w.must("pause or resume "+s.id, func() error { return s.pause(op/6%2 == 0) })
	default:
		w.connect(s)
	}
}

func (w *world) closeListener(s *mListener) {
	w.must("close "+s.id, s.Close)
	s.closing = true
	for _, e := range s.waiting {
		e.broken = true // the listener is closed, so it is never accepted
	}
}

func (w *world) newListener(tcp bool) {
	s := new(mListener)
	if tcp {
		h := uvtest.Must(w.l.NewTCP())
		s.Handle, s.id = h, w.id("TCP listener")
		uvtest.Check(w.t, h.Bind(looptest.Loopback))
		uvtest.Check(w.t, h.Listen(128, func(c *handles.TCP, err error) {
			w.run("accept of "+s.id, func() {
				if err != nil {
					w.errorf("%s: %v", s.id, err)
					return
				}
				e := w.newEnd(c, w.id("accepted TCP"))
				wideReceive(w.t, c)
				from, err := c.RemoteAddr()
				for _, other := range s.waiting {
					if err == nil && other.local == from {
						s.waiting = remove(s.waiting, other)
						w.accepted(s, e, other)
						return
					}
				}
				if err == nil {
					w.errorf("%s accepts a connection that nobody made", s.id)
				}
				e.broken = true // reset meanwhile, and the error does not say of which connection
			})
		}))
		s.addr = uvtest.Must(h.LocalAddr())
		s.pause = func(on bool) error {
			if on {
				return h.PauseAccept()
			}
			return h.ResumeAccept()
		}
		h.OnClose(func() { w.listenerClosed(s) })
	} else {
		h := uvtest.Must(w.l.NewPipe())
		s.Handle, s.id = h, w.id("pipe listener")
		s.path = fmt.Sprintf("\x00uvgo fuzz %d %d", os.Getpid(), abstracts.Add(1))
		uvtest.Check(w.t, h.Bind(s.path))
		uvtest.Check(w.t, h.Listen(128, func(c *handles.Pipe, err error) {
			w.run("accept of "+s.id, func() {
				if err != nil {
					w.errorf("%s: %v", s.id, err)
					return
				}
				e := w.newEnd(c, w.id("accepted pipe"))
				if len(s.waiting) == 0 {
					w.errorf("%s accepts a connection that nobody made", s.id)
					return
				}
				other := s.waiting[0]
				s.waiting = s.waiting[1:]
				w.accepted(s, e, other)
			})
		}))
		s.pause = func(on bool) error {
			if on {
				return h.PauseAccept()
			}
			return h.ResumeAccept()
		}
		h.OnClose(func() { w.listenerClosed(s) })
	}
	w.note("new %s", s.id)
	w.listeners = append(w.listeners, s)
	w.handle(s.Handle, s.id)
}

// abstracts counts the abstract names that the process has used.
var abstracts atomic.Int64

func (w *world) listenerClosed(s *mListener) {
	w.run("close of "+s.id, func() {
		w.closed(s.Handle, s.id)
		w.listeners = remove(w.listeners, s)
	})
}

// accepted joins an accepted end with the end that connected. It returns nil if the
// other end has been closed.
func (w *world) accepted(s *mListener, e, other *mEnd) {
	if s.closing {
		w.errorf("%s accepts after Close", s.id)
	}
	join(e, other)
	if other.closing {
		e.lost = true
	}
	// Bytes written before the accept are on their way.
	e.wants = append(e.wants, other.early...)
	other.early = nil
	if w.next()%8 == 0 {
		w.closeEnd(e, false)
	}
}

// connect makes a client of the listener.
func (w *world) connect(s *mListener) {
	var e *mEnd
	done := func(err error) {
		w.run("connect of "+e.id, func() {
			if !e.connecting || e.closed {
				w.errorf("the connect of %s ends again; closed %v", e.id, e.closed)
			}
			e.connecting = false
			if err != nil {
				if !e.closing && !s.closing {
					w.errorf("the connect of %s: %v", e.id, err)
				}
				e.failed = true
				if !e.closing { // else the kernel may have the connection
					s.waiting = remove(s.waiting, e)
				}
			}
		})
	}
	if s.path == "" {
		c := uvtest.Must(w.l.NewTCP())
		e = w.newEnd(c, w.id("TCP"))
		w.must("connect "+e.id, func() error { return c.Connect(s.addr, done) })
		e.local = uvtest.Must(c.LocalAddr())
	} else {
		c := uvtest.Must(w.l.NewPipe())
		e = w.newEnd(c, w.id("pipe"))
		w.must("connect "+e.id, func() error { return c.Connect(s.path, done) })
	}
	e.connecting = true
	s.waiting = append(s.waiting, e)
}
